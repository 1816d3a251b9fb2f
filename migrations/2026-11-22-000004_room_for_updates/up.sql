-- An order that is updated in place, on the same page, needs no new entry in any of the four indexes. That
-- takes room for its next version on its page.
ALTER TABLE orders SET (fillfactor = 90);

DROP TABLE calendar_feed_calendars, calendar_feeds;

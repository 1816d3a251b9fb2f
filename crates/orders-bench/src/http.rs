//! HTTP/1.1 answers: [`Head`].

/// The start of an answer, up to its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// Where the body begins.
    pub length: usize,
    /// How long the body is.
    pub body: Body,
    /// The page that follows, if the answer is one of several.
    pub next: Option<String>,
}

/// How long a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// This many bytes.
    Length(usize),
    /// In chunks, each of which says how long it is.
    Chunked,
}

impl Head {
    /// Reads the head at the start of `bytes`; none while it is not there as a whole.
    ///
    /// # Errors
    /// When that is not HTTP.
    pub fn parse(bytes: &[u8]) -> anyhow::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&bytes[..end])?;
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let Some(status) = status else { anyhow::bail!("{first:?} is not the start of an answer") };
        let mut head = Self { status, length: end + 4, body: Body::Length(0), next: None };
        for line in lines {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.body = Body::Length(value.parse()?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                head.body = Body::Chunked;
            } else if name.eq_ignore_ascii_case("link") {
                head.next = next(value);
            }
        }
        Ok(Some(head))
    }
}

/// The target of the link `next` (RFC 8288).
fn next(value: &str) -> Option<String> {
    let (target, relation) = value.strip_prefix('<')?.split_once('>')?;
    relation.contains("next").then(|| target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_an_empty_line() {
        let text = b"HTTP/1.1 409 Conflict\r\ncontent-length: 3\r\n\r\nabcHTTP";
        let head = Head { status: 409, length: 44, body: Body::Length(3), next: None };
        assert_eq!(Head::parse(text).unwrap(), Some(head));
        assert_eq!(Head::parse(&text[..40]).unwrap(), None);
    }

    #[test]
    fn an_answer_without_a_length_has_no_body() {
        let head = Head::parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap();
        assert_eq!((head.status, head.body), (204, Body::Length(0)));
    }

    #[test]
    fn the_next_page_stands_in_the_head() {
        let text = b"HTTP/1.1 200 OK\r\nLink: </orders?after=x>; rel=\"next\"\r\n\
            Transfer-Encoding: chunked\r\n\r\n";
        let head = Head::parse(text).unwrap().unwrap();
        assert_eq!(head.next.as_deref(), Some("/orders?after=x"));
        assert_eq!(head.body, Body::Chunked);
    }

    #[test]
    fn something_else_is_not_an_answer() {
        assert!(Head::parse(b"SSH-2.0-OpenSSH\r\n\r\n").is_err());
    }
}

//! An answer in HTTP/1, read with bounds (RFC 9112).

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// In bytes: no honest head is longer.
const LONGEST_HEAD: usize = 64 * 1024;
/// What is kept of a body: what follows is not even read.
const MOST_OF_BODY: usize = 64 * 1024;
/// `100 Continue` and its like may come first.
const MOST_INTERIM: usize = 8;

/// One answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// The values of a header.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// The first value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.as_str())
    }

    /// The body, if it is JSON.
    pub(super) fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether somebody is let in.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it is what a gate says that does not let a request through.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self.status, 401 | 403)
    }

    /// Whether a request came to nothing: refused, or not understood by the proxy.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_refusal() || matches!(self.status, 400 | 414 | 431)
    }

    /// A page for people, such as a registry's user interface on the same host.
    pub(super) fn is_page(&self) -> bool {
        let is_html = self.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        is_html && self.header("docker-distribution-api-version").is_none()
    }

    /// Reads one. An answer to HEAD has no body.
    ///
    /// # Errors
    /// If the connection ends before, or what comes is no HTTP.
    pub(super) async fn read(stream: impl AsyncRead + Unpin, is_head: bool) -> io::Result<Self> {
        let mut reader = Reader { stream, unread: Vec::new() };
        for _ in 0..=MOST_INTERIM {
            let (status, headers) = reader.head().await?;
            if (100..200).contains(&status) {
                continue;
            }
            let mut answer = Self { status, headers, body: Vec::new() };
            if !is_head && !matches!(status, 204 | 304) {
                answer.body = reader.body(&answer).await?;
            }
            return Ok(answer);
        }
        Err(no_http("one interim answer after the other"))
    }
}

fn no_http(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("what it answers is no HTTP: {why}"))
}

struct Reader<S> {
    stream: S,
    unread: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Reader<S> {
    /// Whether more came.
    async fn more(&mut self) -> io::Result<bool> {
        match self.stream.read_buf(&mut self.unread).await {
            Ok(read) => Ok(read > 0),
            // TLS that ends without saying so.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What stands before a mark, which is taken away too.
    async fn until(&mut self, mark: &[u8], most: usize) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.unread.windows(mark.len()).position(|seen| seen == mark) {
                let rest = self.unread.split_off(at + mark.len());
                let mut found = std::mem::replace(&mut self.unread, rest);
                found.truncate(at);
                return Ok(found);
            }
            if self.unread.len() > most {
                return Err(no_http("its head does not end"));
            }
            if !self.more().await? {
                return Err(if self.unread.is_empty() {
                    io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection without an answer")
                } else {
                    no_http("it ends in the middle")
                });
            }
        }
    }

    async fn head(&mut self) -> io::Result<(u16, Vec<(String, String)>)> {
        let head = self.until(b"\r\n\r\n", LONGEST_HEAD).await?;
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.split("\r\n");
        let status = lines.next().filter(|line| line.starts_with("HTTP/1."));
        let status = status.and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| no_http("no status line"))?;
        let fields = lines.filter_map(|line| line.split_once(':'));
        Ok((status, fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()))
    }

    async fn body(&mut self, answer: &Answer) -> io::Result<Vec<u8>> {
        let is_chunked = answer
            .header("transfer-encoding")
            .is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked"));
        if is_chunked {
            return self.chunks().await;
        }
        let length = answer.header("content-length").and_then(|length| length.parse::<usize>().ok());
        let length = length.unwrap_or(MOST_OF_BODY).min(MOST_OF_BODY);
        while self.unread.len() < length && self.more().await? {}
        self.unread.truncate(length);
        Ok(std::mem::take(&mut self.unread))
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.until(b"\r\n", 1024).await?;
            let line = String::from_utf8_lossy(&line);
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| no_http("a chunk without a size"))?;
            if size == 0 || body.len() + size > MOST_OF_BODY {
                return Ok(body);
            }
            while self.unread.len() < size + 2 {
                if !self.more().await? {
                    return Err(no_http("it ends in the middle"));
                }
            }
            let rest = self.unread.split_off(size + 2);
            let mut chunk = std::mem::replace(&mut self.unread, rest);
            chunk.truncate(size);
            body.append(&mut chunk);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &str) -> io::Result<Answer> {
        Answer::read(text.as_bytes(), false).await
    }

    #[tokio::test]
    async fn bodies_come_in_three_ways() {
        for text in [
            "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\n{}and more",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n",
            "HTTP/1.0 401 No\r\n\r\n{}",
        ] {
            let answer = read(text).await.unwrap();
            assert_eq!((answer.status, answer.json()), (401, Some(serde_json::json!({}))), "{text}");
        }
        let head = Answer::read(&b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"[..], true).await.unwrap();
        assert!(head.is_success() && head.json().is_none());
    }

    #[tokio::test]
    async fn what_is_no_http_and_what_has_no_end_is_given_up() {
        for text in [
            "",
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 2",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert!(read(text).await.is_err(), "{text}");
        }
        assert!(read(&format!("HTTP/1.1 200 OK\r\nX: {}", "a".repeat(LONGEST_HEAD + 1))).await.is_err());
        assert!(read(&"HTTP/1.1 100 Continue\r\n\r\n".repeat(20)).await.is_err());
        let long = read(&format!("HTTP/1.1 200 OK\r\n\r\n{}", "a".repeat(2 * MOST_OF_BODY))).await.unwrap();
        assert_eq!(long.body.len(), MOST_OF_BODY);
    }
}

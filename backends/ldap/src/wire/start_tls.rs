//! The StartTLS operation (RFC 4511 section 4.14), before anything else is said.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::ber;
use super::guard;
use crate::failure::Failure;

/// The longest answer that is read, in bytes.
const LONGEST: usize = 64 * 1024;
const ID: u32 = 1;
/// An extended request with the message id 1 and the name 1.3.6.1.4.1.1466.20037.
const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// Asks for TLS. After it the stream is at the first byte of TLS.
///
/// # Errors
/// If the server refuses, sends no proper answer, or says more in clear after it: such words could have been put in by
/// somebody on the way, and would seem to have come protected (RFC 4511 section 4.14.2 has TLS begin right behind it).
pub(super) async fn ask(stream: &mut TcpStream) -> Result<(), Failure> {
    stream.write_all(REQUEST).await.map_err(|error| broke(&error))?;
    let mut answer = Vec::new();
    let length = loop {
        let length = ber::extent(&answer).map_err(malformed)?;
        match length {
            Some(length) if length > LONGEST => return Err(malformed("a message that is too long")),
            Some(length) if answer.len() >= length => break length,
            _ => {}
        }
        match stream.read_buf(&mut answer).await {
            Ok(0) => {
                return Err(Failure::Unreachable(
                    "the server closed the connection after StartTLS".to_owned(),
                ));
            }
            Ok(_) => {}
            Err(error) => return Err(broke(&error)),
        }
    };
    let (message, behind) = answer.split_at_checked(length).ok_or_else(|| malformed("nothing"))?;
    let (code, text) = guard::extended(message, ID)?;
    if code != 0 {
        let text = if text.is_empty() { text } else { format!(": {text}") };
        let refused = format!("the server refuses StartTLS (result code {code}){text}");
        return Err(Failure::Unreachable(refused));
    }
    let mut byte = [0];
    if !behind.is_empty() || matches!(stream.try_read(&mut byte), Ok(1)) {
        return Err(malformed("something in clear between the answer and TLS"));
    }
    Ok(())
}

fn malformed(problem: &str) -> Failure {
    Failure::Nonsense(format!("the server answered StartTLS with {problem}"))
}

fn broke(error: &std::io::Error) -> Failure {
    Failure::Unreachable(format!("the connection broke during StartTLS: {error}"))
}

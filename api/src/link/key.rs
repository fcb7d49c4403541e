//! The key of an installation: configured, or made by the first process that needs one and kept in the database.

use std::fmt::Write;

use entity::signing_key;
use hmac::{Hmac, KeyInit, Mac};
use platform::runtime::Runtime;
use sea_orm::DbErr;
use secrecy::ExposeSecret;
use sha2::Sha256;
use tokio::sync::OnceCell;

use crate::graphql::{Answer, Refusal};

/// Where a process keeps the key, once it knows it.
#[derive(Default)]
pub(crate) struct Keyring(OnceCell<Key>);

/// Nothing of the key.
impl std::fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keyring")
    }
}

impl Keyring {
    /// The key.
    ///
    /// # Errors
    /// DB_UNAVAILABLE when it is not known yet and cannot be read.
    pub(super) async fn key(&self, runtime: &Runtime) -> Answer<&Key> {
        self.0
            .get_or_try_init(|| async {
                match &runtime.config.links.secret {
                    Some(secret) => Key::new(secret.expose_secret()),
                    None => Key::new(&kept(runtime).await?),
                }
            })
            .await
    }
}

/// The key in the database, of which all processes see the same.
async fn kept(runtime: &Runtime) -> Answer<String> {
    if let Some(known) = signing_key::known(runtime.database.read()).await? {
        return Ok(known);
    }
    let new = random()?;
    let established = runtime.database.transaction::<_, DbErr, _>(move |tx| {
        let new = new.clone();
        Box::pin(signing_key::establish(tx, new))
    });
    Ok(established.await?)
}

/// 32 random bytes, hex.
fn random() -> Answer<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Refusal::internal)?;
    Ok(hex(&bytes))
}

/// Signs, and knows again what it signed.
pub(super) struct Key(Hmac<Sha256>);

impl Key {
    fn new(secret: &str) -> Answer<Self> {
        Hmac::new_from_slice(secret.as_bytes()).map(Self).map_err(Refusal::internal)
    }

    /// The signature of `text`, hex.
    pub(super) fn signature(&self, text: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// Whether `signature` is the one of `text`; takes as long whatever is wrong with it.
    pub(super) fn made(&self, signature: &str, text: &str) -> bool {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        unhex(signature).is_some_and(|signature| mac.verify_slice(&signature).is_ok())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The 32 bytes that a text means.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let mut bytes = [0; 32];
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "/logs/log_1?expires=7";

    #[test]
    fn a_signature_is_hmac_sha_256_in_hex() {
        // RFC 4231, test case 2.
        let key = Key::new("Jefe").unwrap();
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(key.signature("what do ya want for nothing?"), expected);
        assert!(key.made(expected, "what do ya want for nothing?"));
    }

    #[test]
    fn only_the_same_text_under_the_same_key_has_the_signature() {
        let key = Key::new("the key of this installation").unwrap();
        let signature = key.signature(TEXT);
        assert!(key.made(&signature, TEXT));
        for text in ["/logs/log_2?expires=7", "/logs/log_1?expires=8", "/logs/log_1?a=1&expires=7", ""] {
            assert!(!key.made(&signature, text), "{text}");
        }
        assert!(!Key::new("the key of another").unwrap().made(&signature, TEXT));
    }

    #[test]
    fn what_is_no_signature_is_none_of_any_text() {
        let key = Key::new("the key of this installation").unwrap();
        let whole = key.signature(TEXT);
        for wrong in ["", "ab", &whole[2..], &format!("{whole}00"), &whole.replace(|_| true, "g"), "ää"] {
            assert!(!key.made(wrong, TEXT), "{wrong}");
        }
    }
}

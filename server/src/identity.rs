//! Who a request comes from: a signed cookie names the browser, and a token made from it proves that the page sent it.

use std::{fmt, fs, io, path::Path};

use axum_extra::extract::cookie::{Cookie, Key, SameSite};
use hmac::{Hmac, Mac};
use rand::{RngCore, TryRngCore, rngs::OsRng};
use sha2::Sha256;
use uuid::Uuid;

/// The keys that sign cookies and CSRF tokens.
#[derive(Clone)]
pub struct Keys {
    cookies: Key,
    csrf: Hmac<Sha256>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(hidden)")
    }
}

/// The user a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserId(pub Uuid);

/// The length of a secret that we make, in bytes.
const SECRET_BYTES: usize = 64;
/// How long an identity lasts unseen: the 400 days that browsers grant at most (RFC 6265bis, section 5.5).
const COOKIE_DAYS: i64 = 400;

impl Keys {
    /// Keys derived from a secret of at least 32 bytes.
    pub fn from_secret(secret: &[u8]) -> Self {
        let cookies = Key::derive_from(secret);
        // HMAC takes a key of any length, so that this never falls back on the empty key.
        let csrf = <Hmac<Sha256> as Mac>::new_from_slice(cookies.encryption())
            .unwrap_or_else(|_| <Hmac<Sha256> as Mac>::new(&Default::default()));
        Self { cookies, csrf }
    }

    /// Keys from the file at `path`, which is made with a random secret and mode 600 where it does not exist.
    ///
    /// # Errors
    /// When the file can be neither read nor made, or is too short to be a secret.
    pub fn from_file(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(secret) if secret.len() >= 32 => Ok(Self::from_secret(&secret)),
            Ok(_) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it is too short to be a secret; remove it",
            )),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut secret = [0; SECRET_BYTES];
                OsRng.unwrap_err().fill_bytes(&mut secret);
                write_private(path, &secret)?;
                Ok(Self::from_secret(&secret))
            }
            Err(error) => Err(error),
        }
    }

    /// The key of the cookie jar.
    pub fn cookie_key(&self) -> &Key {
        &self.cookies
    }

    /// The token that this user's page sends back on every unsafe request.
    pub fn csrf_token(&self, user: UserId) -> String {
        self.csrf_mac(user)
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Whether `token` is this user's, in time that does not depend on where it differs.
    pub fn is_csrf_token(&self, user: UserId, token: &str) -> bool {
        use subtle::ConstantTimeEq;
        self.csrf_token(user).as_bytes().ct_eq(token.as_bytes()).into()
    }

    fn csrf_mac(&self, user: UserId) -> Hmac<Sha256> {
        let mut mac = self.csrf.clone();
        mac.update(b"csrf:");
        mac.update(user.0.as_bytes());
        mac
    }
}

/// The cookie's name: with the prefix that makes browsers insist on `Secure` and on this very host.
pub fn cookie_name(plain_http: bool) -> &'static str {
    if plain_http { "parley" } else { "__Host-parley" }
}

/// The cookie that names a user.
pub fn cookie(user: UserId, plain_http: bool) -> Cookie<'static> {
    Cookie::build((cookie_name(plain_http), user.0.to_string()))
        .path("/")
        .http_only(true)
        .secure(!plain_http)
        .same_site(SameSite::Lax)
        .max_age(time::Duration::days(COOKIE_DAYS))
        .build()
}

#[cfg(unix)]
fn write_private(path: &Path, secret: &[u8]) -> io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(secret)?;
    file.sync_all()
}

#[cfg(not(unix))]
fn write_private(path: &Path, secret: &[u8]) -> io::Result<()> {
    fs::write(path, secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_users_alone() {
        let keys = Keys::from_secret(&[7; 64]);
        let (ada, bob) = (UserId(Uuid::new_v4()), UserId(Uuid::new_v4()));
        let token = keys.csrf_token(ada);
        assert!(keys.is_csrf_token(ada, &token));
        assert!(!keys.is_csrf_token(bob, &token));
        assert!(!keys.is_csrf_token(ada, &token[1..]));
        assert!(!keys.is_csrf_token(ada, ""));
        assert!(!Keys::from_secret(&[8; 64]).is_csrf_token(ada, &token));
    }

    #[test]
    fn the_secret_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("parley.secret");
        let user = UserId(Uuid::new_v4());
        let token = Keys::from_file(&path).unwrap().csrf_token(user);
        assert_eq!(
            Keys::from_file(&path).unwrap().csrf_token(user),
            token,
            "the same after a restart"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "short").unwrap();
        assert!(Keys::from_file(&path).is_err());
    }

    #[test]
    fn the_cookie_has_every_attribute() {
        let user = UserId(Uuid::nil());
        let text = cookie(user, false).to_string();
        for part in [
            "__Host-parley=",
            "HttpOnly",
            "Secure",
            "SameSite=Lax",
            "Path=/",
            "Max-Age=34560000",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!cookie(user, true).to_string().contains("Secure"));
    }
}

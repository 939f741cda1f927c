//! The page's files: their addresses, and how they are sent.

use std::path::Path;

use app::Assets;
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use leptos::config::LeptosOptions;
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// A file whose name says what is in it never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Any other is asked after each time, and sent only where it has changed.
const ASK: &str = "no-cache";

/// The addresses of the page's files. An optimised build leaves their hashes in a file beside the program; without it
/// they have none.
pub fn addresses(options: &LeptosOptions) -> Assets {
    let hashes = std::env::current_exe()
        .ok()
        .and_then(|program| std::fs::read_to_string(program.parent()?.join(&*options.hash_file)).ok());
    addresses_by(options, &hashes.unwrap_or_default())
}

fn addresses_by(options: &LeptosOptions, hashes: &str) -> Assets {
    let address = |kind: &str| {
        let base = format!("/{}/{}", options.site_pkg_dir, options.output_name);
        let hash = hashes.lines().find_map(|line| {
            let (of, hash) = line.split_once(':')?;
            (of.trim() == kind).then(|| hash.trim())
        });
        let hashed = hash.map(|hash| format!("{base}.{hash}.{kind}"));
        // The file of hashes may be of another build than the site.
        let there = hashed.filter(|path| Path::new(&*options.site_root).join(&path[1..]).is_file());
        there.unwrap_or_else(|| format!("{base}.{kind}"))
    };
    Assets {
        css: address("css"),
        js: address("js"),
        wasm: address("wasm"),
    }
}

/// The file of the site that a request asks for, compressed where the browser takes that and the build has done it;
/// `None`: there is none.
pub(crate) fn file(options: &LeptosOptions, request: &Request<Body>) -> impl Future<Output = Option<Response>> + use<> {
    let site = ServeDir::new(&*options.site_root)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let policy = if is_hashed(request.uri().path()) { FOR_EVER } else { ASK };
    let mut wanted = Request::new(Body::empty());
    *wanted.method_mut() = request.method().clone();
    *wanted.uri_mut() = request.uri().clone();
    // Whether it is known already, and how it may be compressed.
    *wanted.headers_mut() = request.headers().clone();
    async move {
        if !is_read {
            return None;
        }
        let mut response = site.oneshot(wanted).await.ok()?.into_response();
        if !matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED) {
            return None;
        }
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(policy));
        Some(response)
    }
}

/// Whether a file's name carries a hash of its content: `parley.Ab-1_2….css`, or that of a part of the WASM.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_hash = |part: &str| {
        part.len() >= 16
            && part.bytes().any(|byte| byte != b'_')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let mut parts = name.rsplit('.');
    let kind = parts.next().unwrap_or_default();
    matches!(kind, "css" | "js" | "wasm" | "json")
        && name.matches('.').count() >= 2
        && parts.next().is_some_and(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(site: &Path) -> LeptosOptions {
        LeptosOptions::builder()
            .output_name("parley")
            .site_root(site.to_string_lossy().to_string())
            .build()
    }

    #[test]
    fn an_address_carries_the_hash_of_a_file_that_is_there() {
        let site = tempfile::tempdir().unwrap();
        std::fs::create_dir(site.path().join("pkg")).unwrap();
        std::fs::write(site.path().join("pkg/parley.Abc-1.css"), "").unwrap();
        let assets = addresses_by(&options(site.path()), "js: Gone\ncss: Abc-1\n");
        assert_eq!(assets.css, "/pkg/parley.Abc-1.css");
        assert_eq!(assets.js, "/pkg/parley.js", "that file is not there");
        assert_eq!(assets.wasm, "/pkg/parley.wasm", "it has no hash");
    }

    #[tokio::test]
    async fn a_file_is_sent_compressed_and_only_where_it_has_changed() {
        let site = tempfile::tempdir().unwrap();
        std::fs::create_dir(site.path().join("pkg")).unwrap();
        std::fs::write(site.path().join("pkg/parley.js"), "plain").unwrap();
        std::fs::write(site.path().join("pkg/parley.js.br"), "brotli").unwrap();
        let options = options(site.path());
        let ask = |method: Method, path: &str, name: header::HeaderName, value: &str| {
            let request = Request::builder().method(method).uri(path).header(name, value);
            file(&options, &request.body(Body::empty()).unwrap())
        };
        let sent = ask(Method::GET, "/pkg/parley.js", header::ACCEPT_ENCODING, "gzip, br")
            .await
            .unwrap();
        assert_eq!(sent.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(sent.headers()[header::CACHE_CONTROL], ASK);
        let date = sent.headers()[header::LAST_MODIFIED].to_str().unwrap().to_owned();
        let again = ask(Method::GET, "/pkg/parley.js", header::IF_MODIFIED_SINCE, &date)
            .await
            .unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        for outside in ["/pkg/none.js", "/pkg", "/../secret", "/%2e%2e/secret"] {
            assert!(
                ask(Method::GET, outside, header::ACCEPT, "*/*").await.is_none(),
                "{outside}"
            );
        }
        assert!(
            ask(Method::POST, "/pkg/parley.js", header::ACCEPT, "*/*")
                .await
                .is_none()
        );
    }

    #[test]
    fn only_a_name_with_a_hash_is_kept_for_ever() {
        for hashed in [
            "/pkg/parley.Q2xk-_9aZ0b1C2d3E4f5.wasm",
            "/pkg/__wasm_split.Q2xk-_9aZ0b1C2d3E4f5.js",
        ] {
            assert!(is_hashed(hashed), "{hashed}");
        }
        for plain in [
            "/pkg/parley.wasm",
            "/favicon.svg",
            "/pkg/parley.d.ts",
            "/pkg/__wasm_split.______________________.js",
            "/Q2xk-_9aZ0b1C2d3E4f5.svg",
        ] {
            assert!(!is_hashed(plain), "{plain}");
        }
    }
}

//! The name of a container image.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use url::Url;

/// The registry that names without one mean, as people write it.
const DOCKER: &str = "docker.io";
/// Where its API answers.
const DOCKER_API: &str = "registry-1.docker.io";
/// Where it gives tokens.
pub(super) const DOCKER_TOKENS: &str = "https://auth.docker.io";
/// The longest name of a repository, its registry included.
const LONGEST: usize = 255;

/// A container image in its registry, by tag or by digest: `contoso.azurecr.io/orders:42`,
/// `ghcr.io/contoso/orders@sha256:…`, `nginx:1.27` (which is `docker.io/library/nginx:1.27`).
///
/// There is no default tag: `latest` is another image tomorrow, and says nothing about a deployment unless it is written.
///
/// ```
/// use runbook_gate::registry::ImageReference;
/// let image: ImageReference = "contoso.azurecr.io/orders:42".parse()?;
/// assert_eq!(image.origin().as_str(), "https://contoso.azurecr.io/");
/// assert_eq!(image.repository(), "orders");
/// assert_eq!(image.version(), "42");
/// assert!("contoso.azurecr.io/orders".parse::<ImageReference>().is_err());
/// # Ok::<(), runbook_gate::registry::ImageReferenceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference {
    written: String,
    origin: Url,
    repository: String,
    version: String,
    digest: Option<Digest>,
}

/// A digest: which algorithm, and the sum in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) algorithm: Algorithm,
    pub(super) sum: String,
}

/// The algorithms that the specification registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Sha256,
    Sha512,
}

/// A text that is not the name of an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageReferenceError {
    /// It names neither a tag nor a digest.
    #[error("it has no tag and no digest")]
    NoVersion,
    /// The registry's part is no host.
    #[error("`{}` is no registry", .0.escape_debug())]
    Registry(String),
    /// The path has other characters than a repository may have.
    #[error("`{}` is no repository", .0.escape_debug())]
    Repository(String),
    /// The tag has other characters than a tag may have, or is too long.
    #[error("`{}` is no tag", .0.escape_debug())]
    Tag(String),
    /// The digest is not a whole one.
    #[error("`{}` is no digest", .0.escape_debug())]
    Digest(String),
}

impl ImageReference {
    /// Where its registry answers: scheme, host and port. Plain `http` on loopback alone.
    #[must_use]
    pub const fn origin(&self) -> &Url {
        &self.origin
    }

    /// The repository in the registry: `orders`, `library/nginx`.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag or the digest that is asked for.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whose connection opens it, as a connection's URL is written: the registry, or where its tokens are given.
    #[must_use]
    pub fn token_origin(&self) -> String {
        let docker = self.is_on_docker_hub();
        if docker { DOCKER_TOKENS.to_owned() } else { self.origin.origin().ascii_serialization() }
    }

    pub(super) const fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Whether it is on Docker Hub, whose tokens come from a host of their own.
    pub(super) fn is_on_docker_hub(&self) -> bool {
        self.origin.host_str() == Some(DOCKER_API)
    }
}

impl FromStr for ImageReference {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, ImageReferenceError> {
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest.parse::<Digest>()?)),
            None => (text, None),
        };
        // A colon before the last slash belongs to the registry's port.
        let last = named.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match named.get(last..).and_then(|last| last.split_once(':')) {
            Some((_, tag)) => {
                let name = named.get(..named.len() - tag.len() - 1).unwrap_or_default();
                (name, Some(tag))
            }
            None => (named, None),
        };
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(ImageReferenceError::Tag(tag.to_owned()));
        }
        let (registry, path) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
            _ => (DOCKER, name),
        };
        let origin = origin_of(registry).ok_or_else(|| ImageReferenceError::Registry(registry.to_owned()))?;
        let repository = match registry_of_docker(registry) && !path.contains('/') {
            true => format!("library/{path}"),
            false => path.to_owned(),
        };
        if name.len() > LONGEST || !repository.split('/').all(is_component) {
            return Err(ImageReferenceError::Repository(path.to_owned()));
        }
        // As for Docker, a digest beside a tag is what counts.
        let version = match (&digest, tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.to_owned(),
            (None, None) => return Err(ImageReferenceError::NoVersion),
        };
        Ok(Self { written: text.to_owned(), origin, repository, version, digest })
    }
}

/// As it was written.
impl fmt::Display for ImageReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

impl FromStr for Digest {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, ImageReferenceError> {
        let wrong = || ImageReferenceError::Digest(text.to_owned());
        let (algorithm, sum) = text.split_once(':').ok_or_else(wrong)?;
        let (algorithm, length) = match algorithm {
            "sha256" => (Algorithm::Sha256, 64),
            "sha512" => (Algorithm::Sha512, 128),
            _ => return Err(wrong()),
        };
        let whole = sum.len() == length && sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if whole { Ok(Self { algorithm, sum: sum.to_owned() }) } else { Err(wrong()) }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = match self.algorithm {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
        };
        write!(formatter, "{algorithm}:{}", self.sum)
    }
}

fn registry_of_docker(registry: &str) -> bool {
    matches!(registry, DOCKER | "index.docker.io" | DOCKER_API)
}

fn origin_of(registry: &str) -> Option<Url> {
    let registry = if registry_of_docker(registry) { DOCKER_API } else { registry };
    let allowed = |character: char| character.is_ascii_alphanumeric() || ".-:[]".contains(character);
    if !registry.chars().all(allowed) {
        return None;
    }
    let scheme = if is_loopback(registry) { "http" } else { "https" };
    format!("{scheme}://{registry}/").parse().ok()
}

/// Registries on this machine speak plain HTTP, as Docker takes it.
fn is_loopback(registry: &str) -> bool {
    let host = match registry.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => registry.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

/// `[a-z0-9]+` parts with `.`, `_`, `__` or dashes between them.
fn is_component(text: &str) -> bool {
    let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let separators = |text: &str| {
        text.split(|character: char| small(u8::try_from(character).unwrap_or(0))).all(|between| {
            matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-')
        })
    };
    text.bytes().next().is_some_and(small) && text.bytes().last().is_some_and(small) && separators(text)
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn shown(text: &str) -> String {
        match text.parse::<ImageReference>() {
            Ok(image) => format!("{} {} {}", image.origin, image.repository, image.version),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn names_mean_what_docker_takes_them_for() {
        for (text, expected) in [
            ("contoso.azurecr.io/orders:42", "https://contoso.azurecr.io/ orders 42"),
            ("ghcr.io/contoso/orders/api:v1.2_3", "https://ghcr.io/ contoso/orders/api v1.2_3"),
            ("nginx:1.27", "https://registry-1.docker.io/ library/nginx 1.27"),
            ("bitnami/redis:7", "https://registry-1.docker.io/ bitnami/redis 7"),
            ("docker.io/nginx:1", "https://registry-1.docker.io/ library/nginx 1"),
            ("index.docker.io/a/b:1", "https://registry-1.docker.io/ a/b 1"),
            ("localhost/orders:1", "http://localhost/ orders 1"),
            ("localhost:5000/orders:1", "http://localhost:5000/ orders 1"),
            ("127.0.0.1:5000/orders:1", "http://127.0.0.1:5000/ orders 1"),
            ("[::1]:5000/orders:1", "http://[::1]:5000/ orders 1"),
            ("registry.contoso.com:5000/a/b:1", "https://registry.contoso.com:5000/ a/b 1"),
            ("contoso.com/a.b/c__d/e--f:1", "https://contoso.com/ a.b/c__d/e--f 1"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn a_digest_counts_beside_a_tag() {
        for front in ["ghcr.io/a/b", "ghcr.io/a/b:1"] {
            assert_eq!(shown(&format!("{front}@sha256:{SUM}")), format!("https://ghcr.io/ a/b sha256:{SUM}"));
        }
        assert_eq!(shown(&format!("r.io/a@sha512:{SUM}{SUM}")), format!("https://r.io/ a sha512:{SUM}{SUM}"));
    }

    #[test]
    fn what_is_no_image_is_refused() {
        for (text, words) in [
            ("", "no repository"),
            ("orders", "no tag and no digest"),
            ("r.io/orders", "no tag and no digest"),
            ("r.io:99999/orders:1", "no registry"),
            ("r.io:x/orders:1", "no registry"),
            ("user@r.io/orders:1", "no digest"),
            ("user:pass@r.io/orders:1", "no digest"),
            ("r.io?x/orders:1", "no registry"),
            ("r.io/../orders:1", "no repository"),
            ("r.io/Orders:1", "no repository"),
            ("r.io//orders:1", "no repository"),
            ("r.io/orders/:1", "no repository"),
            ("r.io/a___b:1", "no repository"),
            ("r.io/a._b:1", "no repository"),
            ("r.io/ä:1", "no repository"),
            ("https://r.io/orders:1", "no repository"),
            ("r.io/orders:", "no tag"),
            ("r.io/orders:-1", "no tag"),
            ("r.io/orders:a b", "no tag"),
            ("r.io/orders:1:2", "no tag"),
            ("r.io/orders@sha256:12", "no digest"),
            ("r.io/orders@md5:12", "no digest"),
            ("r.io/orders@", "no digest"),
        ] {
            assert!(shown(text).contains(words), "{text}: {}", shown(text));
        }
        assert!(format!("r.io/orders@sha256:{}", SUM.to_uppercase()).parse::<ImageReference>().is_err());
        assert!(format!("r.io/{}:1", "a/".repeat(200) + "a").parse::<ImageReference>().is_err());
    }

    #[test]
    fn no_text_makes_it_panic() {
        for text in ["@", ":", "/", "//:@", "ä:ö", "[:/:", "]", "a:b/c@d", "\u{0}", "@@@", ":/:"] {
            let _ = text.parse::<ImageReference>();
        }
    }
}

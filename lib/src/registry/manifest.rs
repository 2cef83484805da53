//! The manifest that a registry answers with: whether it is one, and whether it is the one that was asked for.

use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha512};

use super::image::{Algorithm, Digest, ImageReference};
use super::{RegistryError, StoredImage};
use crate::transport::Response;

/// Manifests and indexes of OCI and Docker.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";
/// The largest manifest, in bytes: what the specification asks registries to take at least.
pub(super) const LARGEST: usize = 4 * 1024 * 1024;

/// Reads an answer with status 200.
///
/// # Errors
/// Where it is no manifest, or its bytes are not those that its digest names.
pub(super) fn read(image: &ImageReference, answer: &Response) -> Result<StoredImage, RegistryError> {
    let strange = |why: &str| RegistryError::Answer { why: why.to_owned() };
    let told = answer.headers.get("Docker-Content-Digest").map(str::parse::<Digest>);
    let digest = match (image.digest(), told) {
        (_, Some(Err(_))) => return Err(strange("its digest header is no digest")),
        (Some(asked), _) => asked.clone(),
        (None, Some(Ok(told))) => told,
        (None, None) => Digest { algorithm: Algorithm::Sha256, sum: hex(&Sha256::digest(&answer.body)) },
    };
    if sum(digest.algorithm, &answer.body) != digest.sum {
        return Err(strange("the manifest is not what its digest says"));
    }
    let Ok(Value::Object(manifest)) = serde_json::from_slice(&answer.body) else {
        return Err(strange("it is no manifest"));
    };
    if manifest.get("schemaVersion") != Some(&Value::from(2)) {
        return Err(strange("its manifest is not of schema version 2"));
    }
    let images = match (manifest.get("manifests"), manifest.get("config")) {
        (Some(Value::Array(images)), None) => Some(images.len()),
        (None, Some(Value::Object(_))) => None,
        _ => return Err(strange("it is neither an image's manifest nor an index")),
    };
    Ok(StoredImage { digest: digest.to_string(), images })
}

fn sum(algorithm: Algorithm, bytes: &[u8]) -> String {
    match algorithm {
        Algorithm::Sha256 => hex(&Sha256::digest(bytes)),
        Algorithm::Sha512 => hex(&Sha512::digest(bytes)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

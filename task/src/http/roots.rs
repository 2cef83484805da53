//! Certificates of authorities that are trusted beside the platform's.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Extra roots, read and checked.
#[derive(Clone, Debug, Default)]
pub struct ExtraRoots(Vec<CertificateDer<'static>>);

/// A file of certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// It could not be read.
    #[error("cannot read the certificates in {path}: {why}; give a PEM file that exists")]
    Unreadable {
        /// The file.
        path: String,
        /// In words.
        why: String,
    },
    /// It has no certificate.
    #[error("{path} has no certificate; it must be PEM, with -----BEGIN CERTIFICATE-----")]
    Empty {
        /// The file.
        path: String,
    },
}

impl ExtraRoots {
    /// Adds the certificates of a PEM file.
    ///
    /// # Errors
    /// Where the file cannot be read or has none.
    pub fn add_file(&mut self, path: &Path) -> Result<(), RootsError> {
        let shown = path.display().to_string();
        let text = read_file(path).map_err(|why| RootsError::Unreadable { path: shown.clone(), why })?;
        let before = self.0.len();
        for certificate in CertificateDer::pem_slice_iter(&text) {
            let certificate = certificate
                .map_err(|error| RootsError::Unreadable { path: shown.clone(), why: error.to_string() })?;
            self.0.push(certificate);
        }
        if self.0.len() == before { Err(RootsError::Empty { path: shown }) } else { Ok(()) }
    }

    /// The certificates.
    pub fn certificates(&self) -> impl Iterator<Item = CertificateDer<'static>> + use<'_> {
        self.0.iter().cloned()
    }
}

/// The largest file of certificates that is read, in bytes: some ten times what a system has.
const LARGEST: u64 = 4 * 1024 * 1024;

/// A device or a pipe could go on for ever.
fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() {
        return Err("it is not a file; name a PEM file with the certificates".to_owned());
    }
    if about.len() > LARGEST {
        return Err(format!(
            "it is larger than {LARGEST} bytes; name a PEM file with the certificates alone"
        ));
    }
    std::fs::read(path).map_err(|error| error.to_string())
}

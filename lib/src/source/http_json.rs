//! A number in a JSON document over HTTP.

use super::SourceError;
use crate::SignalName;

/// Whether a text is a JSON pointer (RFC 6901).
pub(super) fn check_pointer(signal: &str, pointer: &str) -> Result<(), SourceError> {
    let escaped = |text: &str| text.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
    if (pointer.is_empty() || pointer.starts_with('/')) && escaped(pointer) {
        return Ok(());
    }
    let signal: SignalName = super::named(signal)?;
    Err(SourceError::Pointer { signal, pointer: super::remark::bounded(pointer, 80) })
}

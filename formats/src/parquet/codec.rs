//! The codecs that this build supports.

use parquet::basic::Compression;

/// Returns the reason why a codec cannot be read or written, and advice. `None` if it is supported.
pub(super) fn refused_codec(codec: Compression) -> Option<String> {
    match codec {
        Compression::BROTLI(_) if !cfg!(feature = "brotli") => Some(
            "this program was built without the codec BROTLI; turn on the feature `brotli` of `dataflow` in Cargo.toml, or use another \
             codec, such as ZSTD"
                .to_owned(),
        ),
        Compression::LZO => Some("the codec LZO is not supported; write the file with another, such as ZSTD".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsupported_codecs_are_named() {
        let lzo = refused_codec(Compression::LZO);
        assert_eq!(lzo.as_deref(), Some("the codec LZO is not supported; write the file with another, such as ZSTD"));
        let brotli = refused_codec(Compression::BROTLI(Default::default()));
        assert_eq!(brotli.is_none(), cfg!(feature = "brotli"));
        let is_advised =
            brotli.is_none_or(|reason| reason.contains("without the codec BROTLI; turn on the feature `brotli`"));
        assert!(is_advised);
        let all = [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(Default::default()),
            Compression::ZSTD(Default::default()),
            Compression::LZ4,
            Compression::LZ4_RAW,
        ];
        assert!(all.into_iter().all(|codec| refused_codec(codec).is_none()));
    }
}

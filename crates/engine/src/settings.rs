//! The settings a session may change with `SET`.

/// One setting: its name, what it holds and what it means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    default: Default,
    pub(crate) range: Range,
    pub(crate) description: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum Default {
    Text(&'static str),
    Number(u64),
    /// The number of cores.
    Cores,
}

/// Which values a setting takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Range {
    Number {
        min: u64,
        max: u64,
    },
    OneOf(&'static [&'static str]),
    /// A name of the IANA time zone database.
    Timezone,
}

impl Setting {
    pub(crate) fn default_value(&self) -> String {
        match self.default {
            Default::Text(text) => text.to_owned(),
            Default::Number(number) => number.to_string(),
            Default::Cores => cores().to_string(),
        }
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self.default {
            Default::Text(_) => "String",
            Default::Number(_) | Default::Cores => "UInt64",
        }
    }

    pub(crate) fn describe_range(&self) -> String {
        match self.range {
            Range::Number { min, max } => format!("[{min}, {max}]"),
            Range::OneOf(values) => format!(
                "[{}]",
                values.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(", ")
            ),
            Range::Timezone => "an IANA time zone, for example Europe/Berlin".to_owned(),
        }
    }

    /// The value as it is kept, or the reason it is refused.
    pub(crate) fn check(&self, value: &str) -> Result<String, String> {
        match self.range {
            Range::Number { min, max } => {
                let number: u64 =
                    value.trim().parse().map_err(|_| format!("`{value}` is not a whole number"))?;
                if !(min..=max).contains(&number) {
                    return Err(format!("{number} is outside {}", self.describe_range()));
                }
                Ok(number.to_string())
            }
            Range::OneOf(values) => values
                .iter()
                .find(|known| known.eq_ignore_ascii_case(value))
                .map(|known| (*known).to_owned())
                .ok_or_else(|| format!("`{value}` is not one of {}", self.describe_range())),
            Range::Timezone => value
                .parse::<chrono_tz::Tz>()
                .map(|zone| zone.name().to_owned())
                .map_err(|_| format!("`{value}` is not an IANA time zone")),
        }
    }
}

pub(crate) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name.eq_ignore_ascii_case(name))
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Sorted by name. The names and meanings are Databend's, so that its clients find what they look for.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "binary_output_format",
        default: Default::Text("hex"),
        range: Range::OneOf(&["hex"]),
        description: "How binary values are written in JSON results.",
    },
    Setting {
        name: "geometry_output_format",
        default: Default::Text("GeoJSON"),
        range: Range::OneOf(&["GeoJSON"]),
        description: "How geometry values are written.",
    },
    Setting {
        name: "http_handler_result_timeout_secs",
        default: Default::Number(60),
        range: Range::Number { min: 1, max: 3600 },
        description: "Seconds after which a result that nobody fetches is dropped.",
    },
    Setting {
        name: "max_block_size",
        default: Default::Number(8192),
        range: Range::Number { min: 1, max: 1 << 20 },
        description: "Rows in one batch of the engine.",
    },
    Setting {
        name: "max_memory_usage",
        default: Default::Number(0),
        range: Range::Number { min: 0, max: u64::MAX },
        description: "Bytes of memory one query may use; 0 for three quarters of what all may use together.",
    },
    Setting {
        name: "max_threads",
        default: Default::Cores,
        range: Range::Number { min: 1, max: 1024 },
        description: "Threads one query may use.",
    },
    Setting {
        name: "s3_bytes_max",
        default: Default::Number(0),
        range: Range::Number { min: 0, max: u64::MAX },
        description: "Bytes one statement may read from S3; 0 for no limit.",
    },
    Setting {
        name: "s3_requests_max",
        default: Default::Number(0),
        range: Range::Number { min: 0, max: u64::MAX },
        description: "Requests one statement may send to S3; 0 for no limit.",
    },
    Setting {
        name: "sql_dialect",
        default: Default::Text("PostgreSQL"),
        range: Range::OneOf(&["PostgreSQL"]),
        description: "The SQL dialect.",
    },
    Setting {
        name: "strict_file_schemas",
        default: Default::Number(0),
        range: Range::Number { min: 0, max: 1 },
        description: "Whether Parquet files of one location must have the same columns and types.",
    },
    Setting {
        name: "timezone",
        default: Default::Text("UTC"),
        range: Range::Timezone,
        description: "The time zone that timestamps are shown in.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked() {
        let threads = find("MAX_THREADS").unwrap();
        assert_eq!(threads.check("4"), Ok("4".to_owned()));
        assert!(threads.check("0").unwrap_err().contains("outside"));
        assert_eq!(find("timezone").unwrap().check("Europe/Berlin"), Ok("Europe/Berlin".to_owned()));
        assert!(find("timezone").unwrap().check("Mars/Base").is_err());
    }

    #[test]
    fn settings_are_sorted_and_their_defaults_are_allowed() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name));
        for setting in SETTINGS {
            assert!(setting.check(&setting.default_value()).is_ok(), "{}", setting.name);
        }
    }
}

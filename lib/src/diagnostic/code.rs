//! Every code that a finding can have. A code never changes its meaning.

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The policy cannot be used.
    Error,
    /// The policy can be used, and may not decide well.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

macro_rules! codes {
    ($( $severity:ident $text:literal $name:ident; )+) => {
        /// What kind of finding it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(
            #[doc = concat!("`", $text, "`")]
            $name,
        )+ }

        impl Code {
            /// The code as it is printed, in kebab-case.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$name => $text, )+ }
            }

            /// How grave it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $( Self::$name => Severity::$severity, )+ }
            }

            const fn explanation(self) -> &'static str {
                match self { $( Self::$name => include_str!(concat!("explanations/", $text, ".md")), )+ }
            }
        }

        const CODES: &[Code] = &[ $( Code::$name, )+ ];
    };
}

codes! {
    Error "baseline-none" BaselineNone;
    Error "duplicate-key" DuplicateKey;
    Error "empty-policy" EmptyPolicy;
    Error "equality-on-ratio" EqualityOnRatio;
    Error "invalid-baseline" InvalidBaseline;
    Error "invalid-comparison" InvalidComparison;
    Error "invalid-criterion" InvalidCriterion;
    Error "invalid-date" InvalidDate;
    Error "invalid-duration" InvalidDuration;
    Error "invalid-header" InvalidHeader;
    Error "invalid-image" InvalidImage;
    Error "invalid-name" InvalidName;
    Error "invalid-number" InvalidNumber;
    Error "invalid-path" InvalidPath;
    Error "invalid-quorum" InvalidQuorum;
    Error "invalid-share" InvalidShare;
    Error "invalid-source" InvalidSource;
    Error "invalid-url" InvalidUrl;
    Error "invalid-watch" InvalidWatch;
    Error "item-incomplete" ItemIncomplete;
    Error "missing-key" MissingKey;
    Error "no-criteria" NoCriteria;
    Error "no-server" NoServer;
    Error "no-source" NoSource;
    Error "policy-too-large" PolicyTooLarge;
    Error "secret-in-policy" SecretInPolicy;
    Error "secret-misplaced" SecretMisplaced;
    Error "secret-over-http" SecretOverHttp;
    Error "several-documents" SeveralDocuments;
    Error "signal-twice" SignalTwice;
    Error "source-kind" SourceKind;
    Error "source-reading" SourceReading;
    Error "state-or-number" StateOrNumber;
    Error "threshold-impossible" ThresholdImpossible;
    Error "unit-mismatch" UnitMismatch;
    Error "unknown-environment" UnknownEnvironment;
    Error "unknown-item" UnknownItem;
    Error "unknown-key" UnknownKey;
    Error "unknown-preset" UnknownPreset;
    Error "unknown-word" UnknownWord;
    Error "unsupported-version" UnsupportedVersion;
    Error "url-refused" UrlRefused;
    Error "variable-not-allowed" VariableNotAllowed;
    Error "variable-syntax" VariableSyntax;
    Error "variable-unexpanded" VariableUnexpanded;
    Error "variable-unset" VariableUnset;
    Error "verify-duration" VerifyDuration;
    Error "wrong-type" WrongType;
    Error "yaml-syntax" YamlSyntax;
    Error "yaml-tag" YamlTag;
    Warning "aggregate-in-rollback" AggregateInRollback;
    Warning "bad-may-be-empty" BadMayBeEmpty;
    Warning "bare-threshold" BareThreshold;
    Warning "baseline-without-floor" BaselineWithoutFloor;
    Warning "baseline-without-past" BaselineWithoutPast;
    Warning "criterion-never-first" CriterionNeverFirst;
    Warning "criterion-reversed" CriterionReversed;
    Warning "criterion-without-source" CriterionWithoutSource;
    Warning "duration-below-two-steps" DurationBelowTwoSteps;
    Warning "interval-too-coarse" IntervalTooCoarse;
    Warning "no-duration" NoDuration;
    Warning "percentage-without-counts" PercentageWithoutCounts;
    Warning "required-without-source" RequiredWithoutSource;
    Warning "runbook-line-dropped" RunbookLineDropped;
    Warning "state-reversed" StateReversed;
    Warning "step-beyond-watch" StepBeyondWatch;
    Warning "unused-signal" UnusedSignal;
    Warning "variable-doubtful" VariableDoubtful;
    Warning "verified-by-nothing" VerifiedByNothing;
    Warning "waiver-expired" WaiverExpired;
    Warning "watch-too-short" WatchTooShort;
}

/// Every code, errors first, each group in alphabetical order.
#[must_use]
pub const fn codes() -> &'static [Code] {
    CODES
}

/// What a code means, with an example and what to do, in Markdown; `None` where there is no such code.
///
/// ```
/// assert!(runbook_gate::diagnostic::explain("unknown-key").is_some());
/// assert!(runbook_gate::diagnostic::explain("no-such-code").is_none());
/// ```
#[must_use]
pub fn explain(code: &str) -> Option<&'static str> {
    CODES
        .iter()
        .find(|known| known.as_str().eq_ignore_ascii_case(code.trim()))
        .map(|known| known.explanation())
}

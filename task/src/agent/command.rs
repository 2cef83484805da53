//! Logging commands, written exactly as the agent of Azure Pipelines reads them.
//!
//! `##vso[area.event key=value;key=value]data`: keys are not trimmed, an empty value is no value, and `%AZP25`, `%3B`, `%0D`,
//! `%0A`, `%5D` are decoded in values and data.

/// One line that the agent obeys, without its end. The name and the keys are the program's own words; values and data may be
/// any text, and are given back as they are, but for a value that begins with `=`: the agent loses that, so it gets a space before.
pub fn encoded(name: &str, properties: &[(&str, &str)], data: &str) -> String {
    let mut line = format!("##vso[{name}");
    let mut separator = ' ';
    for (key, value) in properties {
        if value.is_empty() {
            continue;
        }
        line.push(separator);
        line.push_str(key);
        line.push('=');
        if value.starts_with('=') {
            line.push(' ');
        }
        line.push_str(&escaped(value).replace(';', "%3B").replace(']', "%5D"));
        separator = ';';
    }
    line.push(']');
    line.push_str(&escaped(data));
    line
}

fn escaped(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_data_are_escaped_as_the_agent_decodes_them() {
        let line =
            encoded("task.logissue", &[("type", "error"), ("sourcepath", "a;b]c%3B.yml")], "50 %;\r\n[x]");
        assert_eq!(
            line,
            "##vso[task.logissue type=error;sourcepath=a%3Bb%5Dc%AZP253B.yml]50 %AZP25;%0D%0A[x]"
        );
    }

    #[test]
    fn what_the_agent_would_drop_is_left_out() {
        assert_eq!(
            encoded("task.logissue", &[("code", ""), ("type", "error")], ""),
            "##vso[task.logissue type=error]"
        );
        assert_eq!(encoded("task.complete", &[], "x"), "##vso[task.complete]x");
        assert_eq!(encoded("a.b", &[("k", "==v")], ""), "##vso[a.b k= ==v]");
    }
}

// How the Azure Pipelines agent reads a line of output (its Command and CommandStringConvertor classes), as a decoder for
// tests. It is stricter to a sender than azure-pipelines-task-lib's: keys are not trimmed, empty values are lost, an equals sign at
// the start of a value is lost.

const PREFIX = '##vso[';

/** Splits a stream as .NET's StreamReader.ReadLine does: at \n, at \r, at \r\n, and nowhere else. */
export function lines(text) {
    const parts = text.split(/\r\n|\r|\n/);
    if (parts.at(-1) === '') {
        parts.pop();
    }
    return parts;
}

/**
 * Where the agent finds a command: its search compares by culture, which skips characters without a weight of their own
 * (soft hyphen, joiners, variation selectors, NUL), so hostile text can hide one inside the prefix.
 */
export function prefixIndex(line) {
    for (let start = 0; start < line.length; start += 1) {
        let matched = 0;
        let at = start;
        while (matched < PREFIX.length && at < line.length) {
            const point = String.fromCodePoint(line.codePointAt(at));
            if (point === PREFIX[matched]) {
                matched += 1;
            } else if (matched === 0 || !weightless(point)) {
                break;
            }
            at += point.length;
        }
        if (matched === PREFIX.length) {
            return start;
        }
    }
    return -1;
}

function weightless(point) {
    return /^[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]$/u.test(point) && !/^[\t\n\v\f\r\u0085]$/.test(point);
}

/** Decodes one line: `undefined` where the agent sees no command. */
export function parseCommand(line) {
    const prefix = prefixIndex(line);
    if (prefix < 0) {
        return undefined;
    }
    const close = line.indexOf(']', prefix);
    if (close < 0) {
        return undefined;
    }
    const head = line.slice(prefix + PREFIX.length, close);
    const space = head.indexOf(' ');
    const name = (space < 0 ? head : head.slice(0, space)).split('.').filter((part) => part !== '');
    if (name.length !== 2) {
        return undefined;
    }
    const properties = new Map();
    if (space > 0) {
        for (const pair of head.slice(space + 1).split(';')) {
            const equals = pair.indexOf('=');
            if (equals <= 0) {
                continue;
            }
            const value = pair.slice(equals + 1).replace(/^=+/, '');
            if (value !== '') {
                properties.set(pair.slice(0, equals).toLowerCase(), unescape(value));
            }
        }
    }
    return { area: name[0].toLowerCase(), event: name[1].toLowerCase(), properties, data: unescape(line.slice(close + 1)) };
}

/** The agent's decoding, with DECODE_PERCENTS on as it is by default. */
export function unescape(text) {
    return text
        .replaceAll('%3B', ';')
        .replaceAll('%0D', '\r')
        .replaceAll('%0A', '\n')
        .replaceAll('%5D', ']')
        .replaceAll('%AZP25', '%');
}

// Texts that somebody outside may put into a response, a name or a message, to make the agent, a browser or a terminal do
// something: at least two hundred, made of every trick in every place.

const COMMANDS = [
    '##vso[task.complete result=Succeeded;]done',
    '##vso[task.complete result=Skipped]',
    '##vso[task.setvariable variable=decision;isOutput=true]proceed',
    '##vso[task.setvariable variable=PATH]/evil',
    '##vso[task.prependpath]/evil',
    '##vso[task.logissue type=error]injected',
    '##vso[task.uploadsummary]/etc/passwd',
    '##vso[task.addattachment type=a;name=b]/etc/passwd',
    '##vso[build.updatebuildnumber]injected',
    '##vso[release.updatereleasename]injected',
    '##vso[artifact.upload artifactname=x]/etc/passwd',
    '##vso[task.setsecret]e',
    '##[error]injected',
    '##[section]injected',
    '##[group]injected',
    '##[debug]injected',
];
const PREFIXES = ['', ' ', '\t', 'x', '#', '##', '##vso[', '"', "'", '> ', '| ', '\r', '\n', '\r\n', '\n\n', '\u0085', '\u2028', '\u2029', '\v', '\f', '\0', '\u001B[2K\r', '%0A', '%0D%0A', '%AZP250A'];
const CASES = ['##VSO[task.complete result=Succeeded]', '##Vso[task.complete result=Succeeded]', '##vsO[task.complete result=Succeeded]', '##vso [task.complete result=Succeeded]'];
const HIDDEN = ['\u00AD', '\u200B', '\u200C', '\u200D', '\u2060', '\uFEFF', '\uFE0F', '\u0301', '\u034F', '\u061C', '\u180E', '\u{E0001}', '\u0000', '\b'];
const MARKDOWN = [
    '[click](https://evil.example)', '![x](https://evil.example/x.png)', '<https://evil.example>', 'https://evil.example/x', 'http://evil.example', 'www.evil.example',
    '[x]: https://evil.example', '<a href="https://evil.example">x</a>', '<img src=x onerror=alert(1)>', '<script>alert(1)</script>', '<svg/onload=alert(1)>',
    '<!-- hidden', '-->', '&lt;script&gt;', '&#60;script&#62;', '[a](javascript:alert(1))', '[a](<javascript:alert(1)>)', '<iframe src=//evil.example>', '<style>*{display:none}</style>',
    '`code`', '```\nfence\n```', '~~~\nfence', '# heading', '\n# heading', '\n---\n', '\n===\n', '| cell | cell |', '\n|a|b|\n|-|-|\n', '* item', '1. item', '> quote', '**bold**', '__bold__', '~~gone~~',
    '\\', '\\|', '\\`', '\\\n', '    indented', '\tindented', '@everyone', '#4711', '!4711', 'AB#4711', '$x$', '$$x$$', ':smile:', '[[_TOC_]]', '::: mermaid\ngraph\n:::', '<details open>', '</td></tr></table>', '<u>',
];
const TERMINAL = [
    '\u001B[31mred', '\u001B[2J', '\u001B]0;title\u0007', '\u001B]8;;https://evil.example\u0007x\u001B]8;;\u0007', '\u009B31m', '\u001BP1$r\u001B\\', '\u001Bc', '\u0007', '\b\b\b\b', '\u007F', '\rreplaced', 'a\rb',
];
const DIRECTION = ['\u202Eevil', '\u202Devil\u202C', '\u2066evil\u2069', '\u200Fevil', '\u061Cevil'];
const EXPANSION = ['$(System.AccessToken)', '$(secret)', '${SECRET}', '$[variables.secret]', '${{ variables.secret }}', '`id`', '$(id)', '%PATH%', '"; rm -rf /', "'; rm -rf /"];

export const hostile = [
    ...COMMANDS,
    ...PREFIXES.map((prefix) => `${prefix}##vso[task.complete result=Succeeded]`),
    ...PREFIXES.map((prefix) => `text${prefix}##[error]injected`),
    ...CASES,
    ...HIDDEN.flatMap((hidden) => [`#${hidden}#vso[task.complete result=Succeeded]`, `##${hidden}vso[task.complete result=Succeeded]`, `##v${hidden}so[task.complete result=Succeeded]`, `##vso${hidden}[task.complete result=Succeeded]`]),
    ...MARKDOWN,
    ...TERMINAL,
    ...DIRECTION,
    ...EXPANSION,
    `${'#'.repeat(5000)}vso[task.complete result=Succeeded]`,
    '##vso['.repeat(2000),
];

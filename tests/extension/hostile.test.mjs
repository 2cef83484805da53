// Two hundred hostile texts through every text that comes from outside: none becomes a command, a link, or another line.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { prefixIndex } from './agent-grammar.mjs';
import { runTask } from './agent.mjs';
import { azureDevOps, gitHub } from './azure-devops.mjs';
import { hostile } from './hostile.mjs';
import { commitAll, commitEach, git } from './repository.mjs';
import { policy, service } from './service.mjs';
import { readJson } from '../../extension/check.mjs';
import { root, taskFolder } from './task-folder.mjs';

const binary = process.env.RUNBOOK_GATE_BINARY;
assert.ok(binary, 'RUNBOOK_GATE_BINARY names the binary; scripts/test-extension builds it');
const CONNECTION = '6d2e9b9a-0c7f-4c8e-9d0e-1a2b3c4d5e6f';
const COMMANDS = new Set(['task.setvariable', 'task.logissue', 'task.complete', 'task.setprogress', 'task.uploadsummary', 'task.addattachment', 'build.addbuildtag']);
const OUTPUTS = new Set(readJson(path.join(root, 'task.json')).outputVariables.map(({ name }) => name));

/** What everything that a step says must be, whatever came in. */
function calm(step, { decision } = {}) {
    const said = `${step.streams.stdout}\n${step.streams.stderr}`;
    const context = said.slice(0, 4000);
    assert.deepEqual(step.warnings, [], context);
    assert.equal(step.commandResult, undefined, context);
    for (const command of step.commands) {
        assert.ok(COMMANDS.has(`${command.area}.${command.event}`), command.raw);
        assert.equal(prefixIndex(command.raw), 0, command.raw);
        assert.equal(prefixIndex(command.data), -1, command.raw);
        assert.doesNotMatch(command.data, /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069\u200E\u200F]|##\[/u, command.raw);
    }
    for (const line of step.log) {
        assert.equal(prefixIndex(line), -1, line);
        assert.doesNotMatch(line, /##\[(?!debug\]|warning\])/, line);
        assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069\u200E\u200F]/u, JSON.stringify(line));
    }
    for (const name of step.outputs.keys()) {
        assert.ok(OUTPUTS.has(name), name);
    }
    assert.equal(step.variables.size, 0);
    assert.equal(step.commands.filter(({ event }) => event === 'complete').length, 1, `${step.exitCode} ${step.signal} ${said}`);
    assert.ok(!/\$\(|\$\[/.test(step.outputs.get('reason') ?? ''), step.outputs.get('reason'));
    if (decision !== undefined) {
        assert.equal(step.outputs.get('decision'), decision, context);
    }
    for (const { name, text } of step.attachments) {
        assert.equal(prefixIndex(text.split('\n').find((line) => prefixIndex(line) >= 0) ?? ''), -1, name);
        if (name.endsWith('.md')) {
            harmlessMarkdown(text);
        }
    }
}

/** A summary whose only markup is the report's own: no raw tag, image, or link to somewhere else. */
function harmlessMarkdown(text) {
    const outsideCode = text.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
    assert.doesNotMatch(outsideCode, /evil\.example(?![\w.])(?<=(?:\/\/|www\.)evil\.example)/, 'no address that a renderer links');
    assert.doesNotMatch(outsideCode, /<(script|img|svg|iframe|style|a|details|u)\b/i);
    assert.doesNotMatch(outsideCode, /!\[|\]\(javascript:|\]\(https?:\/\/evil/i);
    assert.doesNotMatch(text, /[\u202A-\u202E\u2066-\u2069\u0000-\u0008\u000B\u000C\u000E-\u001F]/);
}

async function gate(t, answers, rules) {
    const folder = taskFolder(t, binary);
    const server = await service(t, answers);
    writeFileSync(path.join(folder.workspace, 'runbook.yml'), policy({ url: server.url, observe: '1s', ...rules }));
    return { ...folder, server };
}

const header = (text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '') || 'x';

describe('hostile texts', () => {
    test(`there are ${hostile.length} of them, all different`, () => {
        assert.ok(hostile.length >= 200);
        assert.equal(new Set(hostile).size, hostile.length);
    });

    const probes = {
        'bodies of health checks': (text) => ({ status: 503, body: text }),
        'bodies of health documents that are none': (text) => ({ status: 500, body: text, headers: { 'content-type': 'application/health+json' } }),
        'the words of health documents': (text) => ({
            body: JSON.stringify({ status: text, entries: { [text]: { status: 'Degraded', description: text } }, checks: { [text]: [{ status: 'warn', output: text }] }, output: text, notes: [text] }),
            headers: { 'content-type': 'application/health+json' },
        }),
        'headers and content types': (text) => ({ status: 503, headers: { 'content-type': header(text), 'retry-after': header(text), server: header(text) } }),
        'where a redirect leads': (text) => ({ status: 302, headers: { location: `http://evil.example/${header(text)}` } }),
    };
    for (const [place, answer] of Object.entries(probes)) {
        test(`in ${place}`, async (t) => {
            const run = await gate(t, Object.fromEntries(hostile.flatMap((text, index) => ['health', 'ready'].map((check) => [`/${index}/${check}`, answer(text)]))));
            const urls = hostile.map((_, index) => `${run.server.url}/${index}`);
            const text = policy({ url: 'URL', observe: '2s' }).replace('url: "URL"', `urls: ${JSON.stringify(urls)}`).replace('interval: 200ms', 'interval: 1s');
            writeFileSync(path.join(run.workspace, 'runbook.yml'), text);
            const step = await runTask(run.task, run);
            calm(step);
            assert.notEqual(step.outputs.get('decision'), 'error', step.streams.stderr);
            assert.ok(urls.every((url) => run.server.requests.some((request) => `${run.server.url}${request.url}` === `${url}/health`)), 'every text was an answer');
        });
    }

    const sources = {
        'errors of a Prometheus server': ['prometheus', (text) => ({ status: 422, body: JSON.stringify({ status: 'error', errorType: text, error: text }), headers: json })],
        'warnings and labels of a Prometheus server': [
            'prometheus',
            (text) => ({ body: JSON.stringify({ status: 'success', warnings: [text], infos: [text], data: { resultType: 'matrix', result: [{ metric: { a: text }, values: [] }, { metric: { [text]: text }, values: [] }] } }), headers: json }),
        ],
        'what is no answer of a Prometheus server': ['prometheus', (text) => ({ body: text, headers: json })],
        'the status of an answer of a Prometheus server': ['prometheus', (text) => ({ body: JSON.stringify({ status: text, data: { resultType: text } }), headers: json })],
        'help and labels of a metrics endpoint': ['scrape', (text) => ({ body: `# HELP x ${text}\n# TYPE x gauge\nx{a="${text}"} 1\n` })],
        'lines of a metrics endpoint': ['scrape', (text) => ({ body: `${text} ${text}\n` })],
        'values of JSON documents': ['http-json', (text) => ({ body: JSON.stringify({ value: text }), headers: json })],
        'what is no JSON document': ['http-json', (text) => ({ status: 200, body: text, headers: json })],
        'pages of errors': ['http-json', (text) => ({ status: 500, body: text, headers: { 'content-type': 'text/html' } })],
    };
    for (const [place, [kind, answer]] of Object.entries(sources)) {
        test(`in ${place}`, async (t) => {
            const answers = Object.fromEntries(hostile.flatMap((text, index) => ['', '/api/v1/query_range', '/api/v1/query'].map((end) => [`/${index}${end}`, answer(text)])));
            const run = await gate(t, { ...answers, '/metrics': answer('x') });
            const source = (index) => ({
                prometheus: `prometheus: { url: "${run.server.url}/${index}", query: latency }`,
                scrape: `scrape: { url: "${run.server.url}/${index}", gauge: x }`,
                'http-json': `http-json: { url: "${run.server.url}/${index}", value: /value }`,
            })[kind];
            const signals = hostile.map((_, index) => `  x${index}: { ${source(index)} }\n`).join('');
            writeFileSync(path.join(run.workspace, 'runbook.yml'), policy({ url: run.server.url, observe: '2s', more: `signals:\n${signals}` }).replace('interval: 200ms', 'interval: 1s'));
            for (const command of ['telemetry', 'verify']) {
                calm(await runTask(run.task, { ...run, inputs: { command } }));
            }
            const asked = new Set(run.server.requests.map(({ url }) => url.split('/')[1].split('?')[0]));
            assert.deepEqual(hostile.map((_, index) => String(index)).filter((index) => !asked.has(index)), [], 'every text was an answer');
        });
    }

    test('in the output of commands', async (t) => {
        const run = await gate(t, {});
        const script = path.join(run.workspace, 'smoke');
        const texts = path.join(run.workspace, 'texts');
        writeFileSync(texts, hostile.join('\n'));
        writeFileSync(script, `#!/bin/sh\ncat '${texts}'; cat '${texts}' >&2; exit 1\n`);
        chmodSync(script, 0o755);
        const text = policy({ url: run.server.url, observe: '1s', more: 'signals:\n  smoke: { command: { run: ["./smoke"], every: 300ms, timeout: 5s } }\n' });
        writeFileSync(path.join(run.workspace, 'runbook.yml'), text.replace('[health failing for 1s]', '[health failing for 1s, smoke failing]'));
        calm(await runTask(run.task, { ...run, inputs: { allowCommands: 'true' } }), { decision: 'rollback' });
    });

    for (const [place, write] of Object.entries({
        'the name of the service': (text) => ({ service: text }),
        'keys that the policy does not have': (text) => ({ more: `${JSON.stringify(text)}: 1\n` }),
        'criteria': (text) => ({ more: `signals:\n  x: { http-json: { url: ${JSON.stringify(text)}, value: /v } }\n` }),
        'waivers': (text) => ({ more: `waivers: [{ item: ${JSON.stringify(text)}, reason: ${JSON.stringify(text)}, approved_by: x, expires: 2020-01-01 }]\n` }),
    })) {
        test(`as ${place}, each in a policy of its own`, async (t) => {
            const run = await gate(t, {});
            for (const text of hostile) {
                writeFileSync(path.join(run.workspace, 'runbook.yml'), policy({ url: run.server.url, ...write(text) }));
                calm(await runTask(run.task, { ...run, alone: binary, inputs: { command: 'validate' } }));
            }
        });
    }

    test('in what a checklist reads: messages of commits, paths, decision records, test results, words', async (t) => {
        const run = await gate(t, {});
        const texts = hostile.filter((each) => !each.includes('\0') && each.trim() !== '');
        const rules = 'checklist:\n  tests-passing: { evidence: [{ tests: { files: ["results.xml"] } }] }\n';
        writeFileSync(path.join(run.workspace, 'runbook.yml'), policy({ url: run.server.url, environment: 'staging', more: rules }));
        commitAll(run.workspace);
        const records = texts.map((text, index) => {
            const number = String(index + 1).padStart(4, '0');
            const content = `# ${text}\n\nStatus: ${text}\n\n## Rollback\n\n${text}\n`;
            return { message: `${text}\n\nADR: ${number}\n${text}`, file: `docs/adr/${number}-record.md`, content };
        });
        const paths = texts.map((text) => ({ message: `Change\n\n- [x] backups-taken: ${text}`, file: `migrations/${pathOf(text)}.sql` }));
        commitEach(run.workspace, [...records, ...paths]);
        const cases = texts.map(xml).map((text) => `<testcase name="${text}" classname="${text}"><failure message="${text}">${text}</failure></testcase>`);
        writeFileSync(path.join(run.workspace, 'results.xml'), `<testsuites><testsuite name="x" tests="${cases.length}" failures="${cases.length}">${cases.join('')}</testsuite></testsuites>`);
        const attestations = texts.map((text) => `config-reviewed=${text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')}`).filter((line) => !/\$[([]/.test(line) && line.trim() !== 'config-reviewed=').join('\n');
        for (const inputs of [{}, { since: 'HEAD~300' }, { attestations }]) {
            const step = await runTask(run.task, { ...run, variables: collection(run), inputs: { command: 'checklist', environment: 'staging', ...inputs } });
            calm(step, { decision: 'hold' });
            assert.equal(step.attachments.length, 3);
        }
    });

    const asked = `checklist:
  artifacts-stored: { evidence: [{ artifact: drop }] }
  backups-taken: { required_when: { changed: ["**"] }, evidence: [{ attested: { second_person: true } }] }
  config-reviewed: { evidence: [approval] }
  change-communicated: { environments: [staging], evidence: [{ work-item: { type: Change } }] }
  rollback-plan: { evidence: [attested] }
  stored: { title: Everything is stored, evidence: [{ any: [{ work-item: { state: Done } }, approval] }] }
`;
    /** A repository whose every commit came by a pull request. */
    async function deployed(t, count) {
        const run = await gate(t, {});
        writeFileSync(path.join(run.workspace, 'runbook.yml'), policy({ url: run.server.url, environment: 'staging', more: asked }));
        commitAll(run.workspace);
        commitEach(run.workspace, Array.from({ length: count }, (_, index) => ({ message: `Change ${index}`, file: `src/${index}`, content: 'x' })));
        const ids = git(run.workspace, 'log', '--format=%H', '--reverse').trim().split('\n');
        return { ...run, good: ids[0], commits: ids.slice(1) };
    }
    const inPipeline = ({ url }, branch) => ({
        'System.CollectionUri': `${url}/contoso/`, 'System.TeamProjectId': '6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c', 'System.DefinitionId': '4', 'Build.Repository.Provider': 'TfsGit', 'Build.SourceBranch': branch,
    });
    const checked = { command: 'checklist', environment: 'staging' };

    test('in what Azure DevOps says of a deployment: pull requests, comments, votes, work items, artifacts, tests, stages', async (t) => {
        const run = await deployed(t, hostile.length);
        const branch = 'refs/heads/main';
        const devops = await azureDevOps(t, { ...run, texts: hostile, once: hostile[0], branch });
        const step = await runTask(run.task, { ...run, variables: inPipeline(devops, branch), inputs: checked });
        calm(step, { decision: 'hold' });
        assert.equal(step.attachments.length, 3);
        const said = JSON.parse(step.attachments.find(({ name }) => name === 'checklist.json').text);
        assert.match(said.deploying, new RegExp(`${hostile.length} changes`));
        const wanted = { threads: hostile.length, updates: hostile.length, workitemsbatch: Math.ceil(hostile.length / 200) };
        for (const [end, count] of Object.entries(wanted)) {
            assert.equal(devops.requests.filter((line) => line.endsWith(`/${end}`)).length, count, end);
        }
    });

    test('as what Azure DevOps says once: numbers of runs, branches, environments, refusals', async (t) => {
        await inBatches(hostile.filter((each, index) => !each.includes('\0') && index % 12 === 0), async (text) => {
            const run = await deployed(t, 1);
            const branch = `refs/heads/${text}`;
            for (const refusing of [false, true]) {
                const devops = await azureDevOps(t, { ...run, texts: [text], once: text, branch, refusing });
                const step = await runTask(run.task, { ...run, variables: { ...inPipeline(devops, branch), 'Environment.Name': text }, inputs: checked });
                calm(step, { decision: 'hold' });
                assert.equal(step.attachments.length, 3);
            }
        });
    });

    test('in what GitHub says of a deployment', async (t) => {
        const run = await deployed(t, hostile.length);
        const branch = 'refs/heads/main';
        const devops = await azureDevOps(t, { ...run, texts: hostile, once: hostile[0], branch });
        const api = await gitHub(t, { ...run, texts: hostile, branch: 'main' });
        const endpoints = [{ id: CONNECTION, url: api.url, scheme: 'Token', parameters: { AccessToken: 'ghp_x' } }];
        const variables = { ...inPipeline(devops, branch), 'Build.Repository.Provider': 'GitHub', 'Build.Repository.Name': 'contoso/orders' };
        const step = await runTask(run.task, { ...run, endpoints, variables, inputs: { ...checked, githubConnection: CONNECTION } });
        calm(step, { decision: 'hold' });
        assert.equal(step.attachments.length, 3);
        assert.equal(api.requests.filter((line) => line.endsWith('/reviews')).length, hostile.length);
    });

    test('as the name of the service, watched', async (t) => {
        await inBatches(hostile.filter((_, index) => index % 20 === 0), async (text) => {
            const run = await gate(t, {}, { service: text });
            calm(await runTask(run.task, run));
        });
    });

    test('as inputs', async (t) => {
        const run = await gate(t, {});
        for (const text of hostile.filter((each) => !each.includes('\0'))) {
            const inputs = { command: 'validate', environment: text, policy: text, allowedVariables: text, allowCommands: text, deployedAt: text, workingDirectory: text, reportDirectory: text };
            calm(await runTask(run.task, { ...run, alone: binary, inputs }));
            calm(await runTask(run.task, { ...run, alone: binary, inputs: { command: text } }));
        }
    });

    test('as environments and as names of the policy file', async (t) => {
        const run = await gate(t, {});
        for (const text of hostile.filter((each) => !each.includes('\0') && each.trim() !== '')) {
            calm(await runTask(run.task, { ...run, alone: binary, inputs: { environment: text } }));
            calm(await runTask(run.task, { ...run, alone: binary, inputs: { policy: text } }));
        }
    });

    test('as names of folders that exist', async (t) => {
        const run = await gate(t, {});
        const names = hostile.filter((each) => !/[\0/]/.test(each) && Buffer.byteLength(each) < 200 && each.trim() === each && !/\$[([]/.test(each));
        await inBatches(names.filter((_, index) => index % 8 === 0), async (name) => {
            const reportDirectory = path.join(run.workspace, 'reports', name);
            mkdirSync(reportDirectory, { recursive: true });
            calm(await runTask(run.task, { ...run, inputs: { reportDirectory } }));
        });
    });

    test('as variables of the pipeline', async (t) => {
        await inBatches(hostile.filter((each, index) => !each.includes('\0') && index % 20 === 0), async (text) => {
            const run = await gate(t, {}, { more: 'waivers: [{ item: "${BUILD_BUILDNUMBER}", reason: "${BUILD_SOURCEBRANCH}", approved_by: x, expires: 2020-01-01 }]\n' });
            calm(await runTask(run.task, { ...run, variables: { 'Build.BuildNumber': text, 'Build.SourceBranch': text, 'Environment.Name': text, 'Build.Reason': text } }));
        });
    });
});

/** Several at once: a gate mostly waits. */
async function inBatches(items, act) {
    for (let at = 0; at < items.length; at += 6) {
        await Promise.all(items.slice(at, at + 6).map(act));
    }
}

const json = { 'content-type': 'application/json' };

/** Azure DevOps, which the service plays badly. */
const collection = (run) => ({ 'System.CollectionUri': `${run.server.url}/contoso/` });

/** A text as a part of a path that a tree of git can hold. */
const pathOf = (text) => Buffer.from(text.replace(/[\0/]/g, '_')).subarray(0, 100).toString('utf8').replace(/\uFFFD/g, '') || 'x';
const xml = (text) => text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '').replace(/[&<>"]/g, (c) => `&#${c.codePointAt(0)};`);

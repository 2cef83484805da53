// A canary secret in every place where one can stand: it is found nowhere.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { runTask } from './agent.mjs';
import { policy, service } from './service.mjs';
import { taskFolder } from './task-folder.mjs';

const binary = process.env.RUNBOOK_GATE_BINARY;
assert.ok(binary, 'RUNBOOK_GATE_BINARY names the binary; scripts/test-extension builds it');
const json = { 'content-type': 'application/json' };

async function gate(t, answers, rules) {
    const folder = taskFolder(t, binary);
    const server = await service(t, answers);
    writeFileSync(path.join(folder.workspace, 'runbook.yml'), policy({ url: server.url, observe: '1s', ...rules }));
    return { ...folder, server };
}

describe('a canary secret', () => {
    const CANARY = 'c4n4ry-"s3cr3t"/+=&%41;]x';
    const id = '6d2e9b9a-0c7f-4c8e-9d0e-1a2b3c4d5e6f';
    const forms = [CANARY, encodeURIComponent(CANARY), JSON.stringify(CANARY).slice(1, -1), Buffer.from(CANARY).toString('base64'), Buffer.from(`gate:${CANARY}`).toString('base64'), 'c4n4ry', 's3cr3t'];

    /** Everything that a step leaves behind. */
    function* left(step, folders) {
        yield ['stdout', step.streams.stdout];
        yield ['stderr', step.streams.stderr];
        for (const { name, text } of step.attachments) {
            yield [name, text];
        }
        for (const folder of folders) {
            for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
                const file = path.join(entry.parentPath ?? entry.path, entry.name);
                if (entry.isFile() && !file.endsWith('runbook.yml')) {
                    yield [file, readFileSync(file, 'latin1')];
                }
            }
        }
    }

    const more = (url) => `signals:
  latency_p95: { prometheus: { connection: prom, query: latency } }
  kpi: { http-json: { url: "${url}/kpi", value: /value, headers: { X-Api-Key: { secret: "\${KPI_TOKEN}" } } } }
  smoke: { command: { run: ["env"], every: 300ms, timeout: 5s } }
`;

    const runs = {
        'that servers do not repeat': { echo: false, log: {} },
        'that servers repeat in their answers': { echo: true, log: {} },
        'with everything logged that can be': { echo: true, log: { RUST_LOG: 'trace', SYSTEM_DEBUG: 'true' } },
    };
    for (const [name, { echo, log }] of Object.entries(runs)) {
        test(`in every place where one can stand, ${name}, is found nowhere`, async (t) => {
            const answer = echo ? { make: (request) => ({ status: 500, body: `${JSON.stringify(request.headers)} ${CANARY}` }) }  : { body: '{"value":1}', headers: json };
            const run = await gate(t, { '/kpi': answer, ...(echo ? { '/api/v1/query_range': answer, '/health': answer } : {}) });
            writeFileSync(path.join(run.workspace, 'runbook.yml'), policy({ url: run.server.url, observe: '1s', more: more(run.server.url) }).replace('[health failing for 1s]', '[health failing for 1s, smoke failing]').replace('[health passing]', '[health passing, kpi < 5, latency_p95 < 5s]'));
            const reportDirectory = path.join(run.workspace, 'gate');
            const step = await runTask(run.task, {
                ...run,
                inputs: { reportDirectory, prometheusConnection: id, allowCommands: 'true', allowedVariables: 'KPI_TOKEN' },
                secrets: { KPI_TOKEN: CANARY, Unused: CANARY, 'System.AccessToken': CANARY, 'Agent.ProxyPassword': CANARY },
                endpoints: [{ id, url: run.server.url, scheme: 'UsernamePassword', parameters: { username: 'gate', password: CANARY } }],
                environment: { SYSTEM_ACCESSTOKEN: CANARY, SECUREFILE_TICKET_1: CANARY, ...log },
            });
            assert.notEqual(step.outputs.get('decision'), 'error', `${step.streams.stdout}${step.streams.stderr}`);
            assert.ok(run.server.requests.some(({ url, headers }) => url.startsWith('/kpi') && headers['x-api-key'] === CANARY), 'the secret was used');
            assert.equal(/ureq|Request \{/.test(step.streams.stderr), log.RUST_LOG !== undefined, 'the log of the libraries');
            for (const [place, text] of left(step, [run.workspace, run.temporary])) {
                for (const form of forms) {
                    assert.ok(!text.includes(form), `${place} has ${form}: ${text.slice(Math.max(0, text.indexOf(form) - 200), text.indexOf(form) + 100)}`);
                }
            }
        });
    }

    test('in a field that is not made for one is refused, and not shown', async (t) => {
        const run = await gate(t, {}, { more: 'vars: { host: "${KPI_TOKEN}" }\n' });
        const step = await runTask(run.task, { ...run, inputs: { allowedVariables: 'KPI_TOKEN' }, secrets: { KPI_TOKEN: CANARY } });
        assert.equal(step.outputs.get('decision'), 'error');
        forms.forEach((form) => assert.ok(!step.streams.stdout.includes(form) && !step.streams.stderr.includes(form), form));
    });
});

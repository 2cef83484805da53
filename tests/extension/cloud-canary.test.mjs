// Canaries in what the step signs in with to Azure and to GitHub: secrets, assertions and tokens are used, and found nowhere.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { runTask } from './agent.mjs';
import { cloud } from './cloud.mjs';
import { commitAll } from './repository.mjs';
import { taskFolder } from './task-folder.mjs';

const binary = process.env.RUNBOOK_GATE_BINARY;
assert.ok(binary, 'RUNBOOK_GATE_BINARY names the binary; scripts/test-extension builds it');

const id = '6d2e9b9a-0c7f-4c8e-9d0e-1a2b3c4d5e6f';
const tenant = '11111111-2222-3333-4444-555555555555';
const client = '66666666-7777-8888-9999-000000000000';
const JOB = 'c4n4ry-j0b-t0k3n';
const SECRET = 'c4n4ry~s3cr3t.+/=&%';
const ASSERTION = 'c4n4ry-4ss3rt10n.eyJhIjoxfQ.sig';
const ENTRA = 'c4n4ry-3ntr4.eyJiIjoyfQ.sig';
const GITHUB = 'ghs_c4n4ryG1tHub0123456789';
const canaries = [JOB, SECRET, ASSERTION, ENTRA, GITHUB];
const forms = [...canaries.flatMap((text) => [text, encodeURIComponent(text), Buffer.from(text).toString('base64')]), 'c4n4ry'];

/** No canary in anything that a step leaves behind. */
function findsNone(step, folders) {
    const left = [['stdout', step.streams.stdout], ['stderr', step.streams.stderr], ...step.attachments.map(({ name, text }) => [name, text])];
    left.push(['outputs', JSON.stringify([...step.outputs])], ['issues', JSON.stringify(step.issues)]);
    for (const folder of folders) {
        for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
            const file = path.join(entry.parentPath ?? entry.path, entry.name);
            if (entry.isFile() && !file.includes(`${path.sep}.git${path.sep}`)) {
                left.push([file, readFileSync(file, 'latin1')]);
            }
        }
    }
    for (const [place, text] of left) {
        for (const form of forms) {
            assert.ok(!text.includes(form), `${place} has ${form}: ${text.slice(Math.max(0, text.indexOf(form) - 300), text.indexOf(form) + 100)}`);
        }
    }
}

const problem = (status, code, message) => ({ status, body: JSON.stringify({ error: { code, message } }) });

/** How much of what they are sent the hosts repeat, and what is logged. */
const ways = {
    'that nobody repeats': { entra: false, apis: false, log: {} },
    'that Entra ID repeats': { entra: true, apis: false, log: {} },
    'that the APIs repeat': { entra: false, apis: true, log: {} },
    'with everything logged that can be': { entra: false, apis: false, log: { RUST_LOG: 'trace', SYSTEM_DEBUG: 'true' } },
    'that Entra ID repeats, with everything logged': { entra: true, apis: false, log: { RUST_LOG: 'trace', SYSTEM_DEBUG: 'true' } },
};

describe('a canary in azureSubscription', () => {
    const hosts = ['login.microsoftonline.com', 'management.azure.com', 'api.loganalytics.io', 'vstoken.dev.azure.com'];
    const group = `/subscriptions/${tenant}/resourceGroups/orders/providers`;
    const policy = `version: 1
service: orders
signals:
  latency_p95: { azure-monitor: { resource: "${group}/Microsoft.Web/sites/orders", metric: HttpResponseTime, ingestion_delay: 0s } }
  errors: { log-analytics: { workspace: ${tenant}, query: "AppExceptions | summarize value = count() by bin(TimeGenerated, 1s)", step: 1s, ingestion_delay: 0s } }
gate: { warmup: 0s, observe: 3s, interval: 500ms, baseline: none, rollback_when: ["errors > 100 for 1s"], verify: ["latency_p95 < 5s", "errors < 3"] }
`;
    const schemes = {
        'a federated connection': { scheme: 'WorkloadIdentityFederation', parameters: { tenantid: tenant, serviceprincipalid: client }, uses: [JOB, ASSERTION, ENTRA] },
        'a connection with a secret': { scheme: 'ServicePrincipal', parameters: { tenantid: tenant, serviceprincipalid: client, authenticationtype: 'spnKey', serviceprincipalkey: SECRET }, uses: [SECRET, ENTRA] },
    };

    function answers({ entra, apis }) {
        return ({ host, url, headers, body }) => {
            if (host === 'vstoken.dev.azure.com') {
                return { body: JSON.stringify({ oidcToken: ASSERTION }) };
            }
            if (host === 'login.microsoftonline.com') {
                const said = `AADSTS7000215: Invalid: ${decodeURIComponent(body.replaceAll('+', ' '))} ${body}`;
                return entra
                    ? { status: 401, body: JSON.stringify({ error: 'invalid_client', error_description: said, error_codes: [7000215] }) }
                    : { body: JSON.stringify({ token_type: 'Bearer', expires_in: 3600, access_token: ENTRA }) };
            }
            if (apis) {
                return problem(400, 'BadRequest', `${headers.authorization} is not wanted at ${url}`);
            }
            return host === 'management.azure.com'
                ? { body: JSON.stringify({ interval: 'PT1M', value: [{ name: { value: 'HttpResponseTime' }, unit: 'Seconds', errorCode: 'Success', timeseries: [] }] }) }
                : { body: JSON.stringify({ tables: [{ name: 'PrimaryResult', columns: [{ name: 'TimeGenerated', type: 'datetime' }, { name: 'value', type: 'long' }], rows: [] }] }) };
        };
    }

    for (const [name, { scheme, parameters, uses }] of Object.entries(schemes)) {
        for (const [how, way] of Object.entries(ways)) {
            for (const command of ['verify', 'telemetry']) {
                test(`of ${name}, ${how}, is found nowhere (${command})`, async (t) => {
                    const folder = taskFolder(t, binary);
                    const net = await cloud(t, hosts, answers(way));
                    writeFileSync(path.join(folder.workspace, 'runbook.yml'), policy);
                    const step = await runTask(folder.task, {
                        ...folder,
                        inputs: { command, azureSubscription: id, reportDirectory: path.join(folder.workspace, 'gate') },
                        variables: net.variables,
                        secrets: { 'System.AccessToken': JOB },
                        endpoints: [{ id, url: 'https://management.azure.com/', scheme, parameters, data: { environment: 'AzureCloud' } }],
                        environment: { ...net.environment, ...way.log, SYSTEM_OIDCREQUESTURI: 'https://vstoken.dev.azure.com/contoso/oidctoken' },
                    });
                    const sent = net.requests.map(({ headers, body }) => `${headers.authorization} ${decodeURIComponent(body.replaceAll('+', ' '))}`).join('\n');
                    for (const canary of uses.filter((each) => !way.entra || each !== ENTRA)) {
                        assert.ok(sent.includes(canary), `${canary} was used: ${sent}\n${step.streams.stdout}${step.streams.stderr}`);
                    }
                    assert.deepEqual(net.strangers, []);
                    const bound = { [JOB]: ['vstoken.dev.azure.com'], [SECRET]: ['login.microsoftonline.com'], [ASSERTION]: ['login.microsoftonline.com'], [ENTRA]: ['management.azure.com', 'api.loganalytics.io'] };
                    for (const { host, headers, body } of net.requests) {
                        for (const canary of canaries.filter((each) => `${headers.authorization} ${decodeURIComponent(body)}`.includes(each))) {
                            assert.ok(bound[canary].includes(host), `${canary} was sent to ${host}`);
                        }
                    }
                    assert.notEqual(step.result, 'Succeeded', 'nothing could be read');
                    findsNone(step, [folder.workspace, folder.temporary]);
                });
            }
        }
    }
});

describe('a canary in githubConnection', () => {
    const hosts = ['api.github.com'];
    const policy = `version: 1
service: orders
probe: { url: "http://127.0.0.1:9" }
checklist: { telemetry-ready: { environments: [nowhere] } }
environments: { production: {}, nowhere: {} }
`;
    for (const [scheme, parameter] of [['Token', 'accesstoken'], ['InstallationToken', 'idtoken']]) {
        for (const [how, status] of Object.entries({ 'that GitHub does not repeat': 404, 'that GitHub repeats': 403, 'that GitHub repeats as an outage': 500, 'with everything logged that can be': 401 })) {
            test(`of a connection with ${scheme}, ${how}, is found nowhere`, async (t) => {
                const folder = taskFolder(t, binary);
                const net = await cloud(t, hosts, ({ headers }) => {
                    const repeated = status === 404 ? 'Not Found' : `${headers.authorization} may not: ${JSON.stringify(headers)}`;
                    return { status, body: JSON.stringify({ message: repeated, documentation_url: repeated }) };
                });
                writeFileSync(path.join(folder.workspace, 'runbook.yml'), policy);
                commitAll(folder.workspace);
                const step = await runTask(folder.task, {
                    ...folder,
                    inputs: { command: 'checklist', environment: 'production', githubConnection: id, reportDirectory: path.join(folder.workspace, 'gate') },
                    variables: { ...net.variables, 'Build.Repository.Provider': 'GitHub', 'Build.Repository.Name': 'contoso/orders', 'Build.Repository.Uri': 'https://github.com/contoso/orders' },
                    secrets: { 'System.AccessToken': JOB },
                    endpoints: [{ id, url: 'https://github.com/', scheme, parameters: { [parameter]: GITHUB } }],
                    environment: { ...net.environment, ...(status === 401 ? { RUST_LOG: 'trace', SYSTEM_DEBUG: 'true' } : {}) },
                });
                assert.ok(net.requests.some(({ headers }) => headers.authorization === `Bearer ${GITHUB}`), `the token was used: ${step.streams.stdout}${step.streams.stderr}`);
                assert.ok(net.requests.every(({ headers, url }) => !`${JSON.stringify(headers)}${url}`.includes(JOB)), 'the token of the job is not GitHub’s');
                assert.deepEqual(net.strangers, []);
                assert.equal(step.outputs.get('decision'), 'hold');
                findsNone(step, [folder.workspace, folder.temporary]);
            });
        }
    }
});

// Real reports by the real binary, of journals whose samples are made here.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './browser.mjs';

const START = Date.UTC(2026, 0, 1);
const STEP = 15;

/** A number between 0 and 1 that looks like chance, and is the same every time. */
const chance = (step, salt) => (((step + 3) * 7919 + salt * 104729) % 1000) / 1000;

const quiet = {
    errors: (step) => ({ bad: Math.floor(chance(step, 1) * 2), total: 118 + Math.floor(chance(step, 2) * 20) }),
    latency: (step) => 0.19 + chance(step, 3) * 0.06,
    health: () => 1,
};

/** What went before a recovery. */
const FAILED = {
    redeployed: '1.3.0 (run 12, commit 1a2b3c4)',
    rollback_started: '2025-12-31T23:57:00Z',
    failed: '1.4.0 (run 13, commit 5d6e7f8)',
    reason: 'error_rate was 9.28% (246 of 2,650 requests) from 23:50:00 to 23:55:15 UTC, above 5% throughout',
    onset: '2025-12-31T23:50:00Z',
    decided_at: '2025-12-31T23:55:15Z',
};

/** How each release behaves, and what has to come of it. A function that gives a text says why there is no sample. */
export const RELEASES = {
    proceed: { ...quiet, decision: 'proceed' },
    rollback: {
        ...quiet,
        errors: (step) => (step === 12 || step === 13 ? 'timeout' : step < 21 ? quiet.errors(step) : { bad: 8 + Math.floor(chance(step, 4) * 9), total: 124 }),
        decision: 'rollback',
    },
    hold: {
        ...quiet,
        errors: (step) => (step > 44 ? 'no-traffic' : quiet.errors(step)),
        latency: (step) => (step > 40 ? 'error: 503 from the query gateway' : quiet.latency(step)),
        decision: 'hold',
    },
    cancelled: { ...quiet, until: 30, cancelled: true, decision: 'hold' },
    recovered: {
        ...quiet,
        errors: (step) => ({ bad: step % 6 === 0 ? 1 : 0, total: quiet.errors(step).total }),
        recovery: FAILED,
        decision: 'proceed',
    },
    relapsed: { ...quiet, errors: (step) => ({ bad: 6 + (step % 5), total: quiet.errors(step).total }), recovery: FAILED, decision: 'hold' },
};

/** The lines of a release's journal. */
export function journal({ errors, latency, health, recovery, until = 64, cancelled = false }) {
    const at = (step) => new Date(START + step * STEP * 1000).toISOString().replace('.000', '');
    const lines = [
        { kind: 'start', version: 1, t: at(0), environment: 'production', policy_sha256: '' },
        ...(recovery === undefined ? [] : [{ kind: 'recovery', ...recovery }]),
        { kind: 'baseline', signal: 'error_rate', median: 0.002, p95: 0.004, count: 120, bad: 61, total: 30510 },
        { kind: 'baseline', signal: 'latency_p95', median: 0.21, p95: 0.3, worst: 0.24, count: 120 },
    ];
    const sample = (t, signal, value) => {
        if (typeof value === 'string') {
            lines.push({ kind: 'absent', t, signal, reason: value });
        } else {
            lines.push({ kind: 'sample', t, signal, ...(typeof value === 'number' ? { value } : value) });
        }
    };
    for (let step = 1; step <= until; step += 1) {
        sample(at(step), 'error_rate', errors(step));
        sample(at(step), 'latency_p95', latency(step));
        sample(at(step), 'health', health(step));
        lines.push({ kind: 'tick', t: at(step) });
    }
    if (cancelled) {
        lines.push({ kind: 'cancel', t: at(until), by: 'SIGTERM' });
    }
    lines.push({ kind: 'end', t: at(until) });
    return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
}

/** Makes the reports of a journal in a folder of its own; gives the folder and the page's address. */
export function report(folder, name, release) {
    const place = path.join(folder, name);
    mkdirSync(place, { recursive: true });
    cpSync(path.join(root, 'examples', 'reports', 'runbook.yml'), path.join(place, 'runbook.yml'));
    writeFileSync(path.join(place, 'journal.ndjson'), journal(release));
    run(place, ['report', 'journal.ndjson'], [0]);
    return { folder: place, address: pathToFileURL(path.join(place, 'report.html')).href, json: JSON.parse(readFileSync(path.join(place, 'report.json'), 'utf8')) };
}

const COMMIT = '3f9c1d2e8b7a6f5049382716a5b4c3d2e1f00918';

/** What was decided of a release, as `verify` keeps it. */
const verdict = (decision, release, started, decided, reason) => ({
    kind: 'verdict', version: 1, service: 'orders-api', environment: 'production', profile: 'deployment', decision, enforcement: 'enforce', reason,
    criterion: null, release, judged_in: release.run, started_at: started, onset: null, decided_at: decided, policy_sha256: '', pre_existing: [],
});

/** The checklist of a release, with every part that a gate's page shows of one. */
const checklist = () => {
    const evidence = (support, what, more = {}) => ({ support, what, path: null, url: null, commit: null, when: null, by: null, ...more });
    const item = (id, title, status, because, more = {}) => ({ id, title, status, because, evidence: [], needs: [], waivers: [], cautions: [], records: [], irreversible: [], ...more });
    const change = (name, title, more) => ({ name, kind: 'pull-request', title, url: null, commit: null, author: 'Ada Osei', votes: [], votes_unknown: null, ...more });
    return {
        version: 1, kind: 'checklist', decision: 'hold', verdict: 'incomplete', reason: '', service: 'orders-api', environment: 'production', enforcement: 'enforce',
        deploying: 'commit 3f9c1d2 since 1.3.0, 3 changes', at: '2025-12-31T23:41:07Z', commit: COMMIT, run: 13, repository: 'https://dev.azure.com/contoso/shop/_git/orders-api', missing: [],
        items: [
            item('tests-passing', 'The tests pass', 'satisfied', '412 tests passed, none failed', { evidence: [evidence('for', '412 tests passed in run 13', { url: 'https://dev.azure.com/contoso/shop/_build/results?buildId=13' })] }),
            item('decisions-linked', 'Decisions are recorded and linked', 'satisfied', 'each change links an accepted record', {
                records: [{ change: '!41', record: 'ADR 7', status: 'accepted', path: 'docs/adr/0007-cache-quotes.md', support: 'for' }],
            }),
            item('backups-taken', 'Backups were taken', 'unsatisfied', 'nobody said that a backup was taken', {
                evidence: [evidence('missing', 'the word of a person')],
                needs: [{ about: [], what: 'the word that a backup was taken', who: 'whoever runs the pipeline', how: 'give `backups-taken=snapshot ID` in the input attestations' }],
            }),
            item('migrations-reviewed', 'Migrations were reviewed', 'waived', 'let pass by a waiver until 2026-01-02', {
                waivers: [{ reason: 'hotfix for INC-42', approved_by: 'Grace Lund', expires: '2026-01-02', standing: 'counts', words: 'approved in this run', given: 'in-the-policy' }],
                irreversible: [{ path: 'db/0012_drop_quotes.sql', reasons: ['drops the table quotes'], data_plan: 'docs/data/0012.md' }],
            }),
            item('change-communicated', 'The change was announced', 'unknown', 'the calendar could not be read', {
                evidence: [evidence('unknown', 'the calendar: it may not be read here (403)')],
                needs: [{ about: [], what: 'the calendar', who: 'an administrator of the project', how: 'let the build identity read it' }],
            }),
        ],
        changes: [
            change('!41', 'Cache quotes for a minute', { url: 'https://dev.azure.com/contoso/shop/_git/orders-api/pullrequest/41', votes: [{ by: 'Grace Lund', says: 'approved', when: '2025-12-30T14:02:00Z', own: false }] }),
            change('!42', 'Drop the table of quotes', { votes: null, votes_unknown: 'its votes may not be read here' }),
            change('commit 9a8b7c6', 'Bump the base image', { kind: 'commit', commit: '9a8b7c6d5e4f30211203f4e5d6c7b8a990817263', author: 'Build agent' }),
        ],
        notes: ['one commit came without a pull request'],
    };
};

/** The same of a journal whose deployment had a checklist. */
export function reportWithChecklist(folder, name, release) {
    const place = path.join(folder, name);
    mkdirSync(place, { recursive: true });
    const started = new Date(START).toISOString().replace('.000', '');
    const kept = verdict(release.decision, { run: 13, version: '1.4.0', commit: COMMIT }, started, null, '');
    writeFileSync(path.join(place, 'verdict.json'), JSON.stringify(kept));
    writeFileSync(path.join(place, 'checklist.json'), JSON.stringify(checklist()));
    return report(folder, name, release);
}

/** What a history says: a good release, one that was held, and the bad one that is deployed. */
const HISTORY = [
    verdict('proceed', { run: 11, version: '1.2.0', commit: '77aa88bb99cc00dd11ee22ff33445566778899aa' }, '2025-12-29T10:00:00Z', '2025-12-29T10:15:00Z', 'every criterion passed for 15m'),
    verdict('hold', { run: 12, version: '1.3.0', commit: '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d' }, '2025-12-30T10:00:00Z', '2025-12-30T10:15:00Z', 'latency_p95 was not known for 9m'),
    verdict('rollback', { run: 13, version: '1.4.0', commit: COMMIT }, '2026-01-01T00:00:00Z', '2026-01-01T00:10:30Z', 'error_rate was 9.28% (246 of 2,650 requests), above 5% throughout'),
];

/** The histories of plans: with a version that may be gone back to, and with none. */
export const PLANS = { plan: HISTORY, 'plan-nothing': HISTORY.slice(1) };

/** Makes a rollback plan by a history; gives the folder, the page's address and the JSON. */
export function plan(folder, name, history) {
    const place = path.join(folder, name);
    mkdirSync(place, { recursive: true });
    cpSync(path.join(root, 'examples', 'reports', 'runbook.yml'), path.join(place, 'runbook.yml'));
    writeFileSync(path.join(place, 'history.ndjson'), `${history.map((line) => JSON.stringify(line)).join('\n')}\n`);
    // 10 where there is nothing to go back to.
    run(place, ['rollback', 'plan', '--history', 'history.ndjson', '--report-dir', '.'], [0, 10]);
    const json = JSON.parse(readFileSync(path.join(place, 'rollback-plan.json'), 'utf8'));
    return { folder: place, address: pathToFileURL(path.join(place, 'rollback-plan.html')).href, json };
}

/** Runs the binary. */
export function run(folder, args, codes) {
    const binary = process.env.RUNBOOK_GATE_BINARY ?? path.join(root, 'target', 'debug', 'runbook-gate');
    const ended = spawnSync(binary, args, { cwd: folder, encoding: 'utf8' });
    if (!codes.includes(ended.status)) {
        throw new Error(`runbook-gate ${args.join(' ')} ended with ${ended.status}: ${ended.error?.message ?? ''}${ended.stderr}`);
    }
    return ended;
}

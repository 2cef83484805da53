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
        recovery: {
            redeployed: '1.3.0 (run 12, commit 1a2b3c4)',
            rollback_started: '2025-12-31T23:57:00Z',
            failed: '1.4.0 (run 13, commit 5d6e7f8)',
            reason: 'error_rate was 9.28% (246 of 2,650 requests) from 23:50:00 to 23:55:15 UTC, above 5% throughout',
            onset: '2025-12-31T23:50:00Z',
            decided_at: '2025-12-31T23:55:15Z',
        },
        decision: 'proceed',
    },
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

/** Runs the binary. */
export function run(folder, args, codes) {
    const binary = process.env.RUNBOOK_GATE_BINARY ?? path.join(root, 'target', 'debug', 'runbook-gate');
    const ended = spawnSync(binary, args, { cwd: folder, encoding: 'utf8' });
    if (!codes.includes(ended.status)) {
        throw new Error(`runbook-gate ${args.join(' ')} ended with ${ended.status}: ${ended.error?.message ?? ''}${ended.stderr}`);
    }
    return ended;
}

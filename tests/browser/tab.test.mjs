// The tab "Release gate" in a real browser, with the SDK's real channel and real reports as attachments.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { looksLike, open, startBrowser, violations } from './browser.mjs';
import { startOrganisation } from './organisation.mjs';
import { PLANS, RELEASES, plan, report, reportWithChecklist } from './reports.mjs';

const id = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const folder = mkdtempSync(path.join(os.tmpdir(), 'runbook-gate-tab-'));
const ending = [() => rmSync(folder, { recursive: true, force: true })];
after(async () => {
    for (const end of ending.reverse()) {
        await end();
    }
});
const [NOW, EARLIER] = [id(1), id(2)];
const records = (attempt, base, finish) => [
    { id: id(base), type: 'Stage', name: 'Production', attempt },
    { id: id(base + 1), parentId: id(base), type: 'Phase', name: 'Watch', attempt },
    { id: id(base + 2), parentId: id(base + 1), type: 'Job', name: 'Watch', attempt },
    { id: id(base + 3), parentId: id(base + 2), type: 'Task', name: 'Watch the release', attempt, finishTime: finish },
];
let browser;
let organisation;
let pages;
let plans;

before(async () => {
    browser = await startBrowser(ending);
    organisation = await startOrganisation(ending);
    pages = Object.fromEntries(['rollback', 'proceed', 'recovered', 'relapsed'].map((name) => [name, report(folder, name, RELEASES[name]).folder]));
    pages.checked = reportWithChecklist(folder, 'checked', RELEASES.rollback).folder;
    plans = Object.fromEntries(Object.entries(PLANS).map(([name, history]) => [name, plan(folder, name, history)]));
});

beforeEach(() => {
    organisation.run = { attachments: [], timelines: { current: { id: NOW, records: records(1, 10, '2026-01-01T00:11:00Z') } } };
    organisation.asked = [];
});

const attached = (name, timeline, record) => [
    { type: 'runbook-gate.page', timeline, record, name: 'report.html', content: readFileSync(path.join(pages[name], 'report.html')) },
    { type: 'runbook-gate.report', timeline, record, name: 'report.json', content: readFileSync(path.join(pages[name], 'report.json')) },
];

/** The attachments of a plan; `changes` are made in its JSON. */
const attachedPlan = (name, record, changes = {}) => [
    { type: 'runbook-gate.page', timeline: NOW, record, name: 'rollback-plan.html', content: readFileSync(path.join(plans[name].folder, 'rollback-plan.html')) },
    { type: 'runbook-gate.rollback-plan', timeline: NOW, record, name: 'rollback-plan.json', content: JSON.stringify({ ...plans[name].json, ...changes }) },
];

async function tab(options, look) {
    const visited = await open(browser, `${organisation.address}${options.query ?? ''}`, options);
    try {
        const frame = visited.page.frameLocator('iframe');
        await look(frame, visited.page);
        const beyond = visited.requests.filter((address) => !address.startsWith(new URL(organisation.address).origin) && !address.startsWith('about:'));
        assert.deepEqual(beyond, [], 'everything is asked of the organisation');
        if (organisation.run.status === undefined) {
            assert.deepEqual(visited.complaints, []);
        }
    } finally {
        await visited.close();
    }
}

describe('the tab', () => {
    test('shows the report of the one gate, with the reader’s own time', async () => {
        organisation.run.attachments = attached('rollback', NOW, id(13));
        await tab({ zone: 'America/New_York', height: 1000 }, async (frame, page) => {
            await frame.getByRole('button', { name: /Rollback: Production \/ Watch \/ Watch the release/ }).waitFor();
            const shown = frame.frameLocator('iframe');
            await shown.locator('h1').waitFor();
            assert.match(await shown.locator('h1').innerText(), /Rollback/);
            assert.match(await shown.locator('header').innerText(), /31 Dec 2025, 19:10:\d\d GMT-5 \(2026-01-01 00:10:\d\d UTC\)/);
            assert.match(await frame.locator('.gates').innerText(), /19:10:\d\d GMT-5 \(2026-01-01 00:10:\d\d UTC\)/);
            assert.equal(await frame.locator('iframe').getAttribute('sandbox'), 'allow-popups allow-popups-to-escape-sandbox');
            assert.ok((await shown.locator('.plot').count()) >= 3);
            await looksLike(page, 'tab');
            assert.equal(await page.title(), 'loaded');
        });
        assert.ok(organisation.asked.length >= 6);
        assert.ok(organisation.asked.every(({ authorization }) => authorization === 'Bearer token-of-the-reader'), 'with the rights of whoever looks');
    });

    test('lists several gates and attempts, the last one first, and shows the one that is chosen', async () => {
        organisation.run.timelines.current = { id: NOW, records: records(2, 10, '2026-01-01T02:00:00Z') };
        organisation.run.timelines[EARLIER] = { id: EARLIER, records: records(1, 20, '2026-01-01T01:00:00Z') };
        organisation.run.attachments = [...attached('rollback', EARLIER, id(23)), ...attached('proceed', NOW, id(13))];
        await tab({ width: 375 }, async (frame) => {
            await frame.getByRole('button').nth(1).waitFor();
            assert.deepEqual(
                (await frame.locator('.gates b').allInnerTexts()).map((text) => text.replace(/^. /, '')),
                ['Proceed: Production / Watch / Watch the release (attempt 2)', 'Rollback: Production / Watch / Watch the release'],
            );
            await frame.frameLocator('iframe').getByText('Proceed').first().waitFor();
            await frame.getByRole('button', { name: /Rollback/ }).click();
            await frame.frameLocator('iframe').locator('header.bad').waitFor();
        });
    });

    test('shows the checklist in a gate’s page, with its links', async () => {
        organisation.run.attachments = attached('checked', NOW, id(13));
        await tab({ zone: 'America/New_York' }, async (frame) => {
            const shown = frame.frameLocator('iframe');
            await shown.locator('#items .item').first().waitFor();
            assert.match(await shown.locator('#items').innerText(), /judged 31 Dec 2025, 18:41:07 GMT-5 \(2025-12-31 23:41:07 UTC\) in run 13/);
            assert.match(await shown.locator('#changes').innerText(), /Cache quotes for a minute/);
            assert.equal(await shown.locator('#changes a').first().getAttribute('target'), '_blank', 'a frame without rights cannot go elsewhere');
        });
    });

    test('says of a recovery whether the service has recovered', async () => {
        for (const [name, word, tone] of [['recovered', '✓ Recovered', 'good'], ['relapsed', 'Ⅱ Not recovered', 'open']]) {
            organisation.run.attachments = attached(name, NOW, id(13));
            await tab({}, async (frame) => {
                await frame.locator(`.gates button.${tone}`).waitFor();
                assert.equal(await frame.locator('.gates b').innerText(), `${word}: Production / Watch / Watch the release`);
                assert.match(await frame.frameLocator('iframe').locator('h1').innerText(), new RegExp(word.slice(2), 'i'));
            });
        }
    });

    test('says of a rollback plan what is gone back to, and whether that is safe', async () => {
        const back = 'back to 1.2.0 (run 11, commit 77aa88b)';
        for (const [attachments, word, tone, target] of [
            [attachedPlan('plan', id(13)), 'Ⅱ Rollback plan, not proved to be safe', 'open', [back]],
            [attachedPlan('plan', id(13), { rollback_safe: true }), '✓ Rollback plan, safe', 'good', [back]],
            [attachedPlan('plan', id(13), { rollback_safe: 'true' }), 'Ⅱ Rollback plan, not proved to be safe', 'open', [back]],
            [attachedPlan('plan-nothing', id(13)), '✗ Rollback plan, nothing to go back to', 'bad', []],
            [attachedPlan('plan-nothing', id(13), { rollback_safe: true }), '✗ Rollback plan, nothing to go back to', 'bad', []],
        ]) {
            organisation.run.attachments = attachments;
            await tab({}, async (frame) => {
                await frame.locator(`.gates button.${tone}`).waitFor();
                assert.equal(await frame.locator('.gates b').innerText(), `${word}: Production / Watch / Watch the release`);
                assert.deepEqual(await frame.locator('.gates span').allInnerTexts(), target);
                await frame.frameLocator('iframe').locator('h1').waitFor();
                assert.match(await frame.frameLocator('iframe').locator('h1').innerText(), /Rollback plan/);
            });
        }
    });

    test('says what a plan says where it left no page', async () => {
        organisation.run.attachments = attachedPlan('plan', id(13)).slice(1);
        await tab({}, async (frame) => frame.getByText(/This gate left no page\. Ⅱ Rollback plan, not proved to be safe: Go back to 1\.2\.0/).waitFor());
    });

    test('shows a gate, the plan after it and the recovery after that', async () => {
        const steps = [['Watch the release', '2026-01-01T00:11:00Z'], ['Plan the rollback', '2026-01-01T00:12:00Z'], ['Watch the rollback', '2026-01-01T00:31:00Z']];
        const [stage, phase, job] = records(1, 10, '');
        const tasks = steps.map(([name, finishTime], index) => ({ id: id(13 + index), parentId: job.id, type: 'Task', name, attempt: 1, finishTime }));
        organisation.run.timelines.current = { id: NOW, records: [stage, phase, job, ...tasks] };
        organisation.run.attachments = [...attached('rollback', NOW, id(13)), ...attachedPlan('plan', id(14)), ...attached('recovered', NOW, id(15))];
        await tab({ width: 375, height: 812 }, async (frame, page) => {
            await frame.getByRole('button').nth(2).waitFor();
            const words = (await frame.locator('.gates b').allInnerTexts()).map((text) => text.split(': ')[0]);
            assert.deepEqual(words, ['✓ Recovered', 'Ⅱ Rollback plan, not proved to be safe', '↩ Rollback']);
            await frame.getByRole('button', { name: /Plan the rollback/ }).click();
            await frame.frameLocator('iframe').locator('#doubts').waitFor();
            await looksLike(page, 'tab-plan');
        });
    });

    test('says that the run is still going', async () => {
        organisation.run.going = true;
        await tab({}, async (frame) => {
            await frame.getByText('The run is still going, and no gate has ended yet').waitFor();
            await frame.getByRole('button', { name: 'Look again' }).waitFor();
        });
    });

    test('shows what there is while the run is going, and looks again when asked to', async () => {
        organisation.run.attachments = attached('proceed', NOW, id(13));
        organisation.run.going = true;
        await tab({}, async (frame) => {
            await frame.getByText('The run is still going: a gate appears here').waitFor();
            organisation.run.attachments = [...attached('proceed', NOW, id(13)), ...attached('rollback', NOW, id(14))];
            await frame.getByRole('button', { name: 'Look again' }).click();
            await frame.locator('.gates li').nth(1).waitFor();
        });
    });

    test('says that a run has no report', async () => {
        await tab({}, async (frame) => frame.getByText('This run has no report of a gate').waitFor());
    });

    for (const [status, words] of [[401, 'You may not read'], [403, 'You may not read'], [404, 'not there any more'], [500, 'could not be read']]) {
        test(`says what a ${status} means`, async () => {
            organisation.run.status = status;
            await tab({}, async (frame) => {
                await frame.getByText(words).waitFor();
                await frame.getByRole('button', { name: 'Look again' }).waitFor();
            });
        });
    }

    test('says the decision where a gate left no page', async () => {
        organisation.run.attachments = attached('rollback', NOW, id(13)).slice(1);
        await tab({}, async (frame) => frame.getByText(/This gate left no page\. ↩ Rollback: error_rate was/).waitFor());
    });

    test('runs nothing that an attachment brings, and lets it reach nothing', async () => {
        const page = '<!doctype html><title>x</title><p id="there">there</p><script>parent.ran = true; top.ran = true</script><img src="/stolen" onerror="top.ran = true"><form action="/stolen"><button>x</button></form>';
        organisation.run.attachments = [{ type: 'runbook-gate.page', timeline: NOW, record: id(13), name: 'report.html', content: page }];
        const visited = await open(browser, organisation.address);
        await visited.page.frameLocator('iframe').frameLocator('iframe').locator('#there').waitFor();
        for (const frame of visited.page.frames().slice(0, 2)) {
            assert.equal(await frame.evaluate(() => window.ran), undefined);
        }
        assert.match(visited.complaints.join(), /script.*sandbox|sandbox.*script/i);
        await visited.close();
    });

    test('shows a report without the links that would load the tab again', async () => {
        organisation.run.attachments = attached('rollback', NOW, id(13));
        await tab({}, async (frame) => {
            const shown = frame.frameLocator('iframe');
            await shown.locator('#replay').waitFor();
            assert.equal(await shown.locator('a[href^="#"]').count(), 0);
        });
    });

    test('finds its run by the service where the page does not call', async () => {
        organisation.run.attachments = attached('proceed', NOW, id(13));
        await tab({ query: '?service' }, async (frame) => frame.getByRole('button', { name: /Proceed/ }).waitFor());
    });

    test('can be used by everybody, in every state', async () => {
        for (const [attachments, words] of [[attached('rollback', NOW, id(13)), 'Rollback: Production'], [attachedPlan('plan', id(13)), 'Rollback plan'], [attached('recovered', NOW, id(13)), 'Recovered'], [[], 'This run has no report']]) {
            organisation.run.attachments = attachments;
            await tab({ width: 375 }, async (frame, page) => {
                await frame.getByText(words).first().waitFor();
                const inside = page.frames().find((each) => each.url().endsWith('/tab/tab.html'));
                assert.deepEqual(await violations(page, inside), []);
            });
        }
    });
});

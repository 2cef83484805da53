// The pages in a real browser: they look as they were looked at, ask for nothing, break no policy, and can be used by everybody.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { looksLike, open, startBrowser, violations, visit as visitPage } from './browser.mjs';
import { PLANS, RELEASES, plan, report, reportWithChecklist, run } from './reports.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'runbook-gate-pages-'));
const ending = [() => rmSync(folder, { recursive: true, force: true })];
after(async () => {
    for (const end of ending.reverse()) {
        await end();
    }
});
const reports = {};
let browser;

before(async () => {
    browser = await startBrowser(ending);
    for (const [name, release] of Object.entries(RELEASES)) {
        reports[name] = report(folder, name, release);
    }
    reports.checked = reportWithChecklist(folder, 'checked', RELEASES.rollback);
    for (const [name, history] of Object.entries(PLANS)) {
        reports[name] = plan(folder, name, history);
    }
});

const visit = (address, options, look) => visitPage(browser, address, options, look);

/** Looks at a page on a phone and on a desk, light and dark. */
function onEveryScreen(name, look) {
    for (const [width, height] of [[375, 812], [1280, 800]]) {
        for (const scheme of ['light', 'dark']) {
            test(`at ${width} pixels, ${scheme}`, async () => {
                await visit(reports[name].address, { width, height, scheme }, async (page) => {
                    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, 'nothing is wider than the screen');
                    await look(page, `${width}-${scheme}`);
                    assert.deepEqual(await violations(page), []);
                });
            });
        }
    }
}

for (const name of Object.keys(RELEASES)) {
    describe(`the page of a gate: ${name}`, () => {
        onEveryScreen(name, async (page, screen) => {
            assert.equal(reports[name].json.decision, RELEASES[name].decision);
            await looksLike(page, `${name}-${screen}`);
            await looksLike(page.locator('.signal').first(), `${name}-plot-${screen}`);
        });
    });
}

/** The sections that a checklist brings into a gate's page. */
const OF_A_CHECKLIST = ['items', 'records', 'changes'];

describe('the page of a gate with its checklist', () => {
    onEveryScreen('checked', async (page, screen) => {
        for (const section of OF_A_CHECKLIST) {
            await looksLike(page.locator(`#${section}`), `checked-${section}-${screen}`);
        }
    });

    test('is the page without it, and the checklist', async () => {
        assert.deepEqual(reports.checked.json, reports.rollback.json, 'it decides nothing');
        await visit(reports.rollback.address, {}, async (page) => {
            for (const section of OF_A_CHECKLIST) {
                assert.equal(await page.locator(`#${section}`).count(), 0);
            }
        });
    });
});

for (const [name, word] of [['plan', 'Rollback plan: not proved to be safe'], ['plan-nothing', 'Rollback plan: nothing to go back to']]) {
    describe(`the page of a rollback plan: ${name}`, () => {
        onEveryScreen(name, async (page, screen) => {
            assert.match(await page.locator('h1').innerText(), new RegExp(word));
            await looksLike(page, `${name}-${screen}`);
        });
    });
}

test('a page fits on 320 pixels, with every table open', async () => {
    for (const { address } of Object.values(reports)) {
        await visit(address, { width: 320, height: 700 }, async (page) => {
            await page.evaluate(() => document.querySelectorAll('details').forEach((details) => details.setAttribute('open', '')));
            assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
            assert.deepEqual(await violations(page), []);
        });
    }
});

test('a page prints without what only a screen can use', async () => {
    await visit(reports.rollback.address, { media: 'print' }, async (page) => {
        assert.equal(await page.locator('nav').isVisible(), false);
        assert.equal(await page.locator('.plot').first().isVisible(), true);
    });
});

test('a checklist in a gate and a plan are printed whole', async () => {
    await visit(reports.checked.address, { media: 'print' }, async (page) => {
        for (const section of OF_A_CHECKLIST) {
            assert.equal(await page.locator(`#${section}`).isVisible(), true, section);
        }
        const ids = await page.locator('#items .item').evaluateAll((items) => items.filter((item) => item.checkVisibility()).length);
        assert.equal(ids, 5);
        assert.equal(await page.getByText('hotfix for INC-42').first().isVisible(), true);
    });
    await visit(reports.plan.address, { media: 'print' }, async (page) => {
        assert.equal(await page.locator('nav').isVisible(), false);
        assert.equal(await page.locator('#doubts li').first().isVisible(), true);
        assert.equal(await page.locator('#passed-over li').first().isVisible(), true);
    });
});

test('the data of a plot is reached and opened by the keyboard, and equals what was sampled', async () => {
    await visit(reports.rollback.address, {}, async (page) => {
        const summary = page.getByText('The data of error_rate', { exact: true });
        for (let presses = 0; presses < 40 && !(await summary.evaluate((node) => node === document.activeElement)); presses += 1) {
            await page.keyboard.press('Tab');
        }
        await page.keyboard.press('Enter');
        const table = page.getByRole('region', { name: 'The data of error_rate' });
        assert.equal(await table.isVisible(), true);
        const cells = await table.locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim())));
        const { errors } = RELEASES.rollback;
        cells.forEach(([, value, counts], index) => {
            const sample = errors(index + 1);
            assert.equal(counts ?? '', typeof sample === 'string' ? '' : `${sample.bad} of ${sample.total}`, `row ${index}: ${value}`);
        });
        assert.ok(cells.length > 30);
    });
});

test('the line of a plot is broken where samples are missing', async () => {
    await visit(reports.rollback.address, {}, async (page) => {
        const pieces = await page.locator('.plot').first().locator('.run').evaluate((path) => path.getAttribute('d').split('M').length - 1);
        assert.equal(pieces, 2);
        assert.equal(await page.locator('.plot').first().locator('.blind').count(), 1);
    });
});

test('low traffic and silence are told apart by more than a colour', async () => {
    await visit(reports.hold.address, {}, async (page) => {
        const fill = (selector) => page.locator(selector).first().evaluate((node) => getComputedStyle(node).fill);
        assert.match(await fill('.quiet'), /#points/);
        assert.match(await fill('.blind'), /#hatch/);
        assert.match(await page.locator('#signals').innerText(), /low traffic/);
    });
});

test('the policy of a page lets no script run', async () => {
    const visited = await open(browser, reports.proceed.address);
    await visited.page.evaluate(() => {
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        document.body.append(script);
    });
    assert.equal(await visited.page.evaluate(() => window.ran), undefined);
    assert.match(visited.complaints.join(), /Content Security Policy/);
    await visited.close();
});

test('the page of a checklist looks after everybody too', async () => {
    const place = path.join(folder, 'checklist');
    mkdirSync(place);
    writeFileSync(path.join(place, 'runbook.yml'), 'version: 1\nservice: "orders <img src=x onerror=alert(1)>"\nprobe: { url: "http://127.0.0.1:9" }\n');
    const git = (...args) => {
        const ended = spawnSync('git', ['-c', 'user.name=Ada <b>', '-c', 'user.email=ada@example.com', ...args], { cwd: place, encoding: 'utf8' });
        assert.equal(ended.status, 0, ended.stderr);
    };
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'Start <script>alert(1)</script>');
    run(place, ['checklist', '--report-dir', 'out', '--junit'], [10]);
    for (const [width, scheme] of [[375, 'light'], [1280, 'dark']]) {
        await visit(pathToFileURL(path.join(place, 'out', 'checklist.html')).href, { width, scheme }, async (page) => {
            assert.match(await page.locator('h1').innerText(), /Hold/);
            assert.ok((await page.locator('#items .item').count()) >= 8);
            assert.equal(await page.locator('img').count(), 0);
            assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
            assert.deepEqual(await violations(page), []);
        });
    }
});

// What others wrote, in every place of every page that has one, in a real browser: it shows as text, runs nothing and asks for nothing.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root, startBrowser, violations, visit } from './browser.mjs';
import { RELEASES, journal } from './reports.mjs';

const PAGES = ['checklist', 'plan', 'gate', 'gate-left', 'recovery'];
const TEXTS = {
    plain: 'words',
    script: '<script>window.ran = 1</script>',
    attribute: '" onmouseover="window.ran = 1" autofocus onfocus="window.ran = 1" x=\'',
    image: '<img src=x onerror="window.ran = 1"><svg onload="window.ran = 1">',
    address: 'javascript:window.ran=1//https://evil.example/x',
    style: '}</style><style>*{display:none!important}body{background:url(https://evil.example/y)}',
    end: '</title></header></main></body><meta http-equiv="refresh" content="0;url=https://evil.example">',
    markdown: '[x](https://evil.example) **b** _i_ | c | <https://evil.example> # h',
    entities: '&lt;b&gt; &#60;b&#62; &amp;amp;',
    command: '##vso[task.complete result=Succeeded]',
    turned: '\u202edeecorp \u2066x\u2069 \u05e9\u05dc\u05d5\u05dd',
    long: 'x'.repeat(1 << 20),
    wide: 'W'.repeat(900),
};
/** What turns the direction of text shows as a mark. */
const shown = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

const folder = mkdtempSync(path.join(os.tmpdir(), 'runbook-gate-hostile-'));
const ending = [() => rmSync(folder, { recursive: true, force: true })];
after(async () => {
    for (const end of ending.reverse()) {
        await end();
    }
});
let browser;
const addressOf = (text, page) => pathToFileURL(path.join(folder, text, `${page}.html`)).href;
const textOf = (page) => page.evaluate(() => document.body.textContent.replace(/\s+/g, ' '));
/** The places of a page, by the number that each has. */
const places = {};

before(async () => {
    browser = await startBrowser(ending);
    const [texts, lines] = [path.join(folder, 'texts.json'), path.join(folder, 'journal.ndjson')];
    writeFileSync(texts, JSON.stringify(TEXTS));
    writeFileSync(lines, journal(RELEASES.hold));
    const binary = process.env.RUNBOOK_GATE_PAGES ?? path.join(root, 'target', 'debug', 'pages');
    const ended = spawnSync(binary, ['write', path.join(root, 'examples', 'reports', 'runbook.yml'), lines, texts, folder], { encoding: 'utf8' });
    assert.equal(ended.status, 0, ended.stderr);
    for (const name of PAGES) {
        await visit(browser, addressOf('plain', name), {}, async (page) => {
            places[name] = [...new Set([...(await textOf(page)).matchAll(/«(\d+)»words/g)].map(([, number]) => number))];
            places[name].elements = await page.evaluate(() => document.querySelectorAll('body *:not(code):not(a)').length);
        });
    }
});

test('the pages have the text in all of their places', () => {
    assert.ok(places.checklist.length > 100 && places.plan.length > 15 && places.gate.length > 130 && places.recovery.length > 20, JSON.stringify(Object.entries(places).map(([name, found]) => [name, found.length])));
});

for (const name of PAGES) {
    describe(`hostile text in the page ${name}`, () => {
        for (const [text, words] of Object.entries(TEXTS).slice(1)) {
            test(`shows as text: ${text}`, async () => {
                await visit(browser, addressOf(text, name), { width: 320, height: 700 }, async (page) => {
                    const seen = await textOf(page);
                    if (text === 'long') {
                        assert.ok(seen.includes(`»${'x'.repeat(900)}`) && seen.includes('x…'));
                        assert.ok(seen.length < 1_500_000);
                    } else {
                        const lost = places[name].filter((number) => text !== 'wide' && !seen.includes(`«${number}»${shown(words)}`));
                        assert.deepEqual(lost, [], `of ${places[name].length} places`);
                        assert.equal(await page.evaluate(() => document.querySelectorAll('body *:not(code):not(a)').length), places[name].elements, 'no text became an element');
                    }
                    assert.equal(await page.evaluate(() => window.ran), undefined);
                    assert.equal(await page.locator('script, img, iframe, form, meta[http-equiv=refresh]').count(), 0);
                    const links = await page.locator('a').evaluateAll((all) => all.map((link) => link.href));
                    assert.deepEqual(links.filter((link) => !/^(file:.*#[a-z-]+|https:\/\/(ci\.example|github\.com\/contoso\/orders)\/.*)$/.test(link)), []);
                    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320, 'nothing is wider than the screen');
                    assert.notEqual(await page.locator('h1').evaluate((node) => getComputedStyle(node).display), 'none');
                    if (text === 'script' || text === 'wide') {
                        assert.deepEqual(await violations(page), []);
                    }
                });
            });
        }
    });
}

// A real Chromium with fixed fonts, and what every page is held to: nothing is asked for, nothing complains, and it looks as it did.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import pixelmatch from 'pixelmatch';
import { chromium } from 'playwright-core';
import { PNG } from 'pngjs';

export const root = path.resolve(import.meta.dirname, '..', '..');
const references = path.join(import.meta.dirname, 'references');
const differences = path.join(root, 'target', 'browser');
/** A share of pixels may differ: another version of Chromium sets a letter by a shade. */
const TOLERANCE = 0.01;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Starts Chromium; `ending` gets what ends it. */
export async function startBrowser(ending) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'runbook-gate-browser-'));
    const fonts = path.join(folder, 'fonts.conf');
    // One family from one package, whatever else the machine has: a reference holds anywhere.
    mkdirSync(path.join(folder, 'fonts'));
    for (const name of ['DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSansMono', 'DejaVuSansMono-Bold']) {
        copyFileSync(`/usr/share/fonts/truetype/dejavu/${name}.ttf`, path.join(folder, 'fonts', `${name}.ttf`));
    }
    const alias = (family, real) => `<alias binding="strong"><family>${family}</family><prefer><family>${real}</family></prefer></alias>`;
    writeFileSync(fonts, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>${folder}/fonts</dir><cachedir>${folder}/cache</cachedir>
${alias('monospace', 'DejaVu Sans Mono')}${alias('system-ui', 'DejaVu Sans')}${alias('sans-serif', 'DejaVu Sans')}
</fontconfig>`);
    const browser = await chromium.launch({
        executablePath: '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--font-render-hinting=none'],
        env: { ...process.env, FONTCONFIG_FILE: fonts },
    });
    ending.push(async () => {
        await browser.close();
        rmSync(folder, { recursive: true, force: true });
    });
    return browser;
}

/** Opens a page and collects what it does: requests beyond itself, and complaints. */
export async function open(browser, address, { width = 1280, height = 900, scheme = 'light', zone = 'UTC', media } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, timezoneId: zone, locale: 'en-GB', reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const requests = [];
    const complaints = [];
    page.on('request', (request) => requests.push(request.url()));
    // What violates a Content-Security-Policy is said on the console too.
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    if (media !== undefined) {
        await page.emulateMedia({ media });
    }
    await page.goto(address);
    return { page, requests, complaints, close: () => context.close() };
}

/** Opens a page, and says at the end whether it asked for more than itself, or complained. */
export async function visit(browser, address, options, look) {
    const visited = await open(browser, address, options);
    try {
        await look(visited.page);
        assert.deepEqual(visited.requests, [address]);
        assert.deepEqual(visited.complaints, []);
    } finally {
        await visited.close();
    }
}

/** What axe finds. It runs in a world of its own, where the page's policy does not reach. */
export async function violations(page, frame = page.mainFrame()) {
    const session = await page.context().newCDPSession(page);
    const { frameTree } = await session.send('Page.getFrameTree');
    const all = (tree) => [tree.frame, ...(tree.childFrames ?? []).flatMap(all)];
    const { id: frameId } = all(frameTree).find((each) => each.url === frame.url().replace(/#.*/, ''));
    const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', { frameId });
    const run = (expression, awaitPromise) => session.send('Runtime.evaluate', { expression, contextId, awaitPromise, returnByValue: true });
    await run(AXE, false);
    const answer = await run("axe.run(document, { iframes: false, resultTypes: ['violations'] }).then((found) => found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => `${node.html} ${node.failureSummary}`).slice(0, 3).join(' | ')}`))", true);
    await session.detach();
    assert.equal(answer.exceptionDetails, undefined, JSON.stringify(answer.exceptionDetails));
    return answer.result.value;
}

/** Few shades make a small file, and letters that are smoothed a little otherwise stay the same. */
function coarse(image) {
    for (let place = 0; place < image.data.length; place += 1) {
        image.data[place] = place % 4 === 3 ? 255 : (image.data[place] & 0xf0) | 0x08;
    }
    return image;
}

/** Holds what is seen of a page or an element against the reference of this name; UPDATE_REFERENCES=1 makes it anew, to be looked at before it is committed. */
export async function looksLike(seenOf, name) {
    const seen = coarse(PNG.sync.read(await seenOf.screenshot({ animations: 'disabled', caret: 'hide' })));
    const file = path.join(references, `${name}.png`);
    if (process.env.UPDATE_REFERENCES === '1') {
        writeFileSync(file, PNG.sync.write(seen, { colorType: 2, deflateLevel: 9 }));
        return;
    }
    assert.ok(existsSync(file), `${name} has no reference: run with UPDATE_REFERENCES=1, look at it, and commit it`);
    const expected = PNG.sync.read(readFileSync(file));
    assert.deepEqual([seen.width, seen.height], [expected.width, expected.height], name);
    const difference = new PNG({ width: seen.width, height: seen.height });
    const count = pixelmatch(seen.data, expected.data, difference.data, seen.width, seen.height, { threshold: 0.2 });
    if (count > TOLERANCE * seen.width * seen.height) {
        mkdirSync(differences, { recursive: true });
        writeFileSync(path.join(differences, `${name}.png`), PNG.sync.write(seen));
        writeFileSync(path.join(differences, `${name}.difference.png`), PNG.sync.write(difference));
        assert.fail(`${name} looks different by ${count} pixels: see target/browser, and UPDATE_REFERENCES=1 if that is meant`);
    }
}

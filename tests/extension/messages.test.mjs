// What the channels of people get, sent by the real binary over HTTP, from hostile texts too: an Adaptive Card that Microsoft's own
// parser takes without a word and its published schema allows, and blocks within Slack's limits.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import Ajv from 'ajv';
import { buildSync } from 'esbuild';
import { readJson } from '../../extension/check.mjs';
import { hostile } from './hostile.mjs';
import { policy, service } from './service.mjs';
import { root } from './task-folder.mjs';

const binary = process.env.RUNBOOK_GATE_BINARY;
assert.ok(binary, 'RUNBOOK_GATE_BINARY names the binary; scripts/test-extension builds it');

/** Microsoft's parser of cards, which is written for browsers: bundled without its carousel, which needs one. */
function parser() {
    const entry = path.join(root, 'node_modules/adaptivecards/lib/adaptivecards.js');
    const bundle = buildSync({ entryPoints: [entry], bundle: true, format: 'cjs', platform: 'node', write: false, external: ['swiper', 'swiper/*'], logLevel: 'error' });
    const module = { exports: {} };
    new Function('module', 'exports', 'require', bundle.outputFiles[0].text)(module, module.exports, () => ({}));
    return module.exports;
}
const cards = parser();

/** Microsoft's schema of cards, which says what an element may not have, too. Its `id` is that of a draft before its own. */
const ofSchema = (() => {
    const { id: _id, ...schema } = readJson(path.join(root, 'tests', 'contract', 'adaptive-card.schema.json'));
    const reference = (text) => URL.canParse(text, 'https://x.example');
    const ajv = new Ajv({ strict: false, formats: { uri: (text) => URL.canParse(text), 'uri-reference': reference } });
    ajv.addMetaSchema(readJson(path.join(root, 'node_modules/ajv/dist/refs/json-schema-draft-06.json')));
    return ajv.compile(schema);
})();

/** What the schema and the parser have against a card. */
function wrongOf(card) {
    const refused = ofSchema(card) ? [] : ['the schema does not allow it'];
    return [...refused, ...wrongToParser(card)];
}

/** What the parser has against a card. */
function wrongToParser(card) {
    const context = new cards.SerializationContext(cards.Versions.v1_4);
    const parsed = new cards.AdaptiveCard();
    parsed.parse(card, context);
    const said = Array.from({ length: context.eventCount }, (_, index) => context.getEventAt(index).message);
    return [...said, ...parsed.validateProperties().validationEvents.map(({ message }) => message)];
}

/** Every object of a tree. */
function* objects(value) {
    if (value !== null && typeof value === 'object') {
        if (!Array.isArray(value)) {
            yield value;
        }
        for (const each of Object.values(value)) {
            yield* objects(each);
        }
    }
}

const length = (text) => [...text].length;

/** Slack's reference of Block Kit, as far as these messages go. */
function checkBlocks({ text, blocks }) {
    assert.ok(length(text) <= 40_000 && !/[<>]/.test(text), text);
    assert.ok(blocks.length >= 1 && blocks.length <= 50);
    const plain = (object, most) => {
        assert.equal(object.type, 'plain_text');
        assert.ok(length(object.text) >= 1 && length(object.text) <= most, object.text);
    };
    for (const block of blocks) {
        if (block.type === 'header') {
            plain(block.text, 150);
        } else if (block.type === 'section') {
            assert.ok('text' in block || 'fields' in block);
            if ('text' in block) {
                plain(block.text, 3000);
            }
            if ('fields' in block) {
                assert.ok(block.fields.length >= 1 && block.fields.length <= 10);
                block.fields.forEach((field) => plain(field, 2000));
            }
        } else {
            assert.equal(block.type, 'actions');
            assert.ok(block.elements.length >= 1 && block.elements.length <= 25);
            for (const button of block.elements) {
                assert.equal(button.type, 'button');
                plain(button.text, 75);
                assert.ok(button.url.length <= 3000 && button.action_id.length <= 255);
            }
            assert.equal(new Set(block.elements.map((button) => button.action_id)).size, block.elements.length);
        }
    }
}

describe('messages', () => {
    const sent = [];
    let server;
    let folder;

    before(async () => {
        server = createServer((request, response) => {
            const chunks = [];
            request.on('data', (chunk) => chunks.push(chunk));
            request.on('end', () => {
                if (request.url.startsWith('/hook/')) {
                    sent.push({ kind: request.url.slice('/hook/'.length), type: request.headers['content-type'], body: Buffer.concat(chunks).toString() });
                }
                response.writeHead(200, { 'content-type': 'application/json' });
                response.end('{"count":0,"value":[]}');
            });
        });
        await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
        folder = mkdtempSync(path.join(tmpdir(), 'runbook-gate-messages-'));
        writeFileSync(
            path.join(folder, 'runbook.yml'),
            'version: 1\nservice: orders\nenvironments: { live: {} }\nprobe: { url: "http://127.0.0.1:9" }\nrollback: { notify: [{ teams: { url: "${TEAMS}" } }, { slack: { url: "${SLACK}" } }] }\n',
        );
    });
    after(() => {
        server.close();
        rmSync(folder, { recursive: true });
    });

    /** The messages that a command sends. */
    async function sentBy(command, expected, cwd = folder) {
        const { port } = server.address();
        sent.length = 0;
        const child = spawn(binary, [...command, '-e', 'live', '--secret-var', 'TEAMS', '--secret-var', 'SLACK'], {
            cwd,
            env: {
                PATH: process.env.PATH, TF_BUILD: 'True', SYSTEM_COLLECTIONURI: `http://127.0.0.1:${port}/contoso/`, SYSTEM_TEAMPROJECT: 'orders',
                SYSTEM_ACCESSTOKEN: 'token-of-a-test', BUILD_BUILDID: '9', TEAMS: `http://127.0.0.1:${port}/hook/teams`, SLACK: `http://127.0.0.1:${port}/hook/slack`,
            },
            stdio: ['ignore', 'ignore', 'pipe'],
        });
        const said = [];
        child.stderr.on('data', (chunk) => said.push(chunk));
        const code = await new Promise((resolve) => child.on('close', resolve));
        assert.equal(code, expected, Buffer.concat(said).toString());
        assert.deepEqual(sent.map(({ kind }) => kind).sort(), ['slack', 'teams'], Buffer.concat(said).toString());
        const of = (kind) => sent.find((message) => message.kind === kind);
        sent.forEach(({ type }) => assert.equal(type, 'application/json'));
        return { teams: of('teams').body, slack: of('slack').body };
    }

    /** The messages about a plan that has these texts in it. */
    function told(texts) {
        const [reason, current, version, ...doubts] = texts;
        const plan = {
            version: 1, kind: 'rollback-plan', service: 'orders', environment: 'live', reason, rollback_safe: false, current,
            target: { release: { run: 8, version, commit: version } },
            doubts: doubts.map((text) => ({ what: text, who: text, how: text })),
        };
        writeFileSync(path.join(folder, 'plan.json'), JSON.stringify(plan));
        return sentBy(['rollback', 'announce', '--plan', 'plan.json'], 0);
    }

    async function check(messages) {
        const { teams, slack } = await messages;
        // The service takes no more than 28 KB.
        assert.ok(Buffer.byteLength(teams) <= 28 * 1024, `${Buffer.byteLength(teams)}`);
        const message = JSON.parse(teams);
        assert.equal(message.type, 'message');
        assert.equal(message.attachments.length, 1);
        const [{ contentType, content }] = message.attachments;
        assert.equal(contentType, 'application/vnd.microsoft.card.adaptive');
        assert.deepEqual(wrongOf(content), [], JSON.stringify(content));
        for (const object of objects(content)) {
            // A TextBlock reads Markdown; runs do not.
            assert.notEqual(object.type, 'TextBlock');
            if ('url' in object) {
                assert.match(object.url, /^http:\/\/127\.0\.0\.1:\d+\/contoso\/orders\/_build\/results\?buildId=9$/);
            }
        }
        checkBlocks(JSON.parse(slack));
        return content;
    }

    test('the parser and the schema take no card that is wrong', () => {
        const run = (size) => ({ type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: 'x', size }] });
        const card = (body, actions = []) => ({ type: 'AdaptiveCard', version: '1.4', body, actions });
        assert.deepEqual(wrongOf(card([run('Large')])), []);
        assert.equal(wrongOf(card([run('Hugest')])).length, 2);
        assert.equal(wrongOf(card([{ type: 'Bogus' }])).length, 2);
        assert.equal(wrongOf(card([], [{ type: 'Action.OpenUrl', title: 'x' }])).length, 2);
        // What the parser passes over the schema refuses.
        assert.deepEqual(wrongOf(card([{ ...run('Large'), colour: 'red' }])), ['the schema does not allow it']);
        assert.deepEqual(wrongOf({ ...card([]), colour: 'red' }), ['the schema does not allow it']);
    });

    test('of every decision are whole, and carry what a hostile service said as text', async (t) => {
        const texts = hostile.filter((_, index) => index % 20 === 0);
        const answers = { '/health': { make: () => ({ status: sick ? 503 : 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ status: sick ? 'fail' : 'pass', output: texts[0], checks: Object.fromEntries(texts.map((text) => [text, [{ status: 'fail', output: text }]])) }) }) } };
        let sick = true;
        const { url } = await service(t, answers);
        const own = mkdtempSync(path.join(tmpdir(), 'runbook-gate-messages-'));
        t.after(() => rmSync(own, { recursive: true }));
        const more = 'rollback:\n    notify: [{ teams: { url: "${TEAMS}" } }, { slack: { url: "${SLACK}" } }]\n';
        const rules = (verify) => writeFileSync(path.join(own, 'runbook.yml'), policy({ url, environment: 'live', observe: '1500ms', more }).replace('[health passing]', verify));
        const titleOf = (card) => card.body[0].inlines[0].text.replace(/^\S+ /u, '').split(':')[0];
        const gate = async (code, title, ...more) => {
            const card = await check(sentBy(['verify', '--announce', '--report-dir', title.replace(' ', '-'), ...more], code, own));
            assert.equal(titleOf(card), title);
        };
        rules('[health passing]');
        await gate(20, 'Rollback');
        await gate(10, 'Not recovered', '--profile', 'rollback', '--failed-gate', 'Rollback');
        sick = false;
        await gate(0, 'Recovered', '--profile', 'rollback', '--failed-gate', 'Rollback');
        rules('[health failing]');
        await gate(10, 'Hold');
    });

    test('of a plain plan are whole', () => check(told(['Go back to 1.4.0', '1.5.0', '1.4.0', 'a table was dropped'])));

    test('of texts without an end keep to every limit', () => check(told(Array(7).fill('<&🎉"\\'.repeat(50_000)))));

    test('of empty texts are whole', () => check(told(Array(5).fill(''))));

    test('of hostile texts are whole, and carry them as text', async () => {
        const each = 8;
        for (let at = 0; at < hostile.length; at += each) {
            const texts = hostile.slice(at, at + each);
            await check(told([...texts, ...Array(each - texts.length).fill('x')]));
        }
    });
});

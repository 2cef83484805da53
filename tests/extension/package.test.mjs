// The .vsix that the real tfx makes: complete, small, the same bytes every time, and right after the agent unpacked it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readArchive } from '../../extension/archive.mjs';
import { readJson } from '../../extension/check.mjs';
import { packExtension, tfx } from '../../extension/package.mjs';
import { runTask } from './agent.mjs';
import { platform, root, standIn, temporaryFolder } from './task-folder.mjs';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

describe('the packed extension', () => {
    const out = temporaryFolder({ after });
    let vsix;
    let files;

    before(async () => {
        vsix = await packExtension({ binaries: new Map([[platform, standIn]]), out });
        files = await readArchive(vsix);
    });

    const text = (name) => files.get(name).toString('utf8');
    const json = (name) => JSON.parse(text(name));

    test('has exactly the files that it should have', () => {
        assert.deepEqual([...files.keys()], [
            'LICENSE.txt',
            `RunbookGate/bin/${platform}/runbook-gate`,
            'RunbookGate/bin/manifest.json',
            'RunbookGate/icon.png',
            'RunbookGate/launch.js',
            'RunbookGate/task.json',
            'THIRD-PARTY-NOTICES.txt',
            '[Content_Types].xml',
            'extension.vsixmanifest',
            'extension.vsomanifest',
            'images/icon.png',
            'overview.md',
            'sbom.cdx.json',
            'tab/tab.css',
            'tab/tab.html',
            'tab/tab.js',
        ].sort());
    });

    test('contributes the task and its tab, with the one scope', () => {
        const manifest = json('extension.vsomanifest');
        assert.deepEqual(manifest.scopes, ['vso.build']);
        assert.deepEqual(manifest.contributions.map(({ type, properties }) => [type, properties]), [
            ['ms.vss-distributed-task.task', { name: 'RunbookGate' }],
            ['ms.vss-build-web.build-results-tab', { name: 'Release gate', uri: 'tab/tab.html', supportsTasks: [json('RunbookGate/task.json').id] }],
        ]);
    });

    test('shows its details, its licence and its icon', () => {
        const manifest = text('extension.vsixmanifest');
        for (const [type, file] of [['Content.Details', 'overview.md'], ['Content.License', 'LICENSE.txt'], ['Icons.Default', 'images/icon.png']]) {
            assert.match(manifest, new RegExp(`Type="Microsoft\\.VisualStudio\\.Services\\.${type}" d:Source="File" Path="${file}"`));
        }
    });

    test('is the same bytes when it is made again, elsewhere and later', async (t) => {
        const again = await packExtension({ binaries: new Map([[platform, standIn]]), out: temporaryFolder(t) });
        assert.equal(sha256(readFileSync(again)), sha256(readFileSync(vsix)));
    });

    test('names the version and the publisher that it is made for', async (t) => {
        const made = await packExtension({ binaries: new Map([[platform, standIn]]), out: temporaryFolder(t), version: '1.4.2', publisher: 'contoso' });
        assert.equal(path.basename(made), 'contoso.runbook-gate-1.4.2.vsix');
        const packed = await readArchive(made);
        assert.deepEqual(JSON.parse(packed.get('RunbookGate/task.json')).version, { Major: 1, Minor: 4, Patch: 2 });
        assert.match(packed.get('extension.vsixmanifest').toString(), /Publisher="contoso" Version="1\.4\.2"/);
    });

    test('lists each binary and each crate in its bill of materials', () => {
        const bom = json('sbom.cdx.json');
        assert.equal(bom.specVersion, '1.5');
        assert.match(bom.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        const references = new Set(bom.components.map((component) => component['bom-ref']));
        assert.equal(references.size, bom.components.length);
        for (const { ref, dependsOn } of bom.dependencies) {
            assert.ok(ref === 'extension' || references.has(ref), ref);
            dependsOn.forEach((each) => assert.ok(references.has(each), each));
        }
        const file = bom.components.find((component) => component.type === 'file');
        assert.equal(file.hashes[0].content, sha256(readFileSync(standIn)));
        for (const { name, version, licenses, hashes } of bom.components.filter((component) => component.type === 'library')) {
            assert.ok(licenses[0].expression, `${name} has a licence`);
            assert.ok(hashes !== undefined || name.startsWith('runbook-gate'), `${name} ${version} has a checksum`);
        }
        assert.ok(references.size > 50);
    });

    test('brings the licence of every crate', () => {
        const notices = text('THIRD-PARTY-NOTICES.txt');
        for (const { name, version } of json('sbom.cdx.json').components.filter((each) => each.type === 'library' && !each.name.startsWith('runbook-gate'))) {
            assert.ok(notices.includes(`${name} ${version}: `), name);
        }
        assert.match(text('LICENSE.txt'), /Apache License/);
        assert.match(text('LICENSE.txt'), /MIT/);
    });

    test('says the checksum of the .vsix and of everything in the task', () => {
        const rows = readFileSync(path.join(out, 'SHA256SUMS'), 'utf8').trimEnd().split('\n').map((row) => row.split('  '));
        assert.deepEqual(rows[0], [sha256(readFileSync(vsix)), path.basename(vsix)]);
        for (const [digest, name] of rows.slice(1)) {
            assert.equal(digest, sha256(files.get(name)), name);
        }
    });

    test('names nothing of the machine that made it', () => {
        for (const name of [...files.keys()].filter((each) => /\.(json|js|md|xml|txt|vsixmanifest|vsomanifest)$/.test(each))) {
            for (const place of [path.resolve(import.meta.dirname, '..', '..'), out, process.env.HOME].filter((each) => each !== '/')) {
                assert.ok(!text(name).includes(`${place}/`), `${name} names ${place}`);
            }
        }
    });

    test('runs after the agent has unpacked it without executable bits', async (t) => {
        const base = temporaryFolder(t);
        const [workspace, temporary] = ['work', 'temp'].map((name) => path.join(base, name));
        [workspace, temporary].forEach((folder) => mkdirSync(folder));
        for (const [name, bytes] of files) {
            const file = path.join(base, name);
            mkdirSync(path.dirname(file), { recursive: true });
            writeFileSync(file, bytes);
            chmodSync(file, 0o644);
        }
        const step = await runTask(path.join(base, 'RunbookGate'), { workspace, temporary, environment: { STAND_IN: 'describe' } });
        assert.equal(step.final, 'Succeeded', step.streams.stdout);
    });
});

test('a binary that is not there stops the packing', async (t) => {
    const binaries = new Map([[platform, path.join(temporaryFolder(t), 'none')]]);
    await assert.rejects(packExtension({ binaries, out: temporaryFolder(t) }), /ENOENT/);
});

test('what tfx only warns of stops the packing', (t) => {
    const stage = temporaryFolder(t);
    const manifest = readJson(path.join(root, 'vss-extension.json'));
    const { icons: _icons, content: _content, ...rest } = manifest;
    mkdirSync(path.join(stage, 'other'));
    writeFileSync(path.join(stage, 'other', 'x.txt'), 'x');
    writeFileSync(path.join(stage, 'vss-extension.json'), JSON.stringify({ ...rest, files: [{ path: 'other' }] }));
    assert.throws(() => tfx(stage, path.join(stage, 'x.vsix')), /exit code 0\) said:[^]*warning/i);
});

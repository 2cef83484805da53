// Makes the .vsix: builds the binaries, checks that each runs, stages, packs with the real tfx, makes the archive reproducible,
// and reads it back. scripts/package says how it is called.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { readArchive, writeArchive } from './archive.mjs';
import { buildBinary, checkBinary } from './build.mjs';
import { PLATFORMS } from './manifest.mjs';
import { filesUnder, stageExtension } from './stage.mjs';
import { bundleTab } from './tab.mjs';

/** Uploads beyond 19 MB have failed, once; an Azure DevOps Server 2019 takes 25 MiB by default. All five platforms need more than the first. */
export const largestVsix = (platforms) => (platforms <= 3 ? 19_000_000 : 25_000_000);
const ALL = ['linux-x64', 'linux-arm64', 'win-x64'];

const root = path.resolve(import.meta.dirname, '..');

/** Packs binaries (platform to file) into a `.vsix` in `out`; returns its path. */
export async function packExtension({ binaries, out, version, publisher, log = () => {} }) {
    const stage = path.join(out, 'stage');
    const extension = stageExtension({ root, stage, binaries, tab: await bundleTab(root), version, publisher });
    const name = `${extension.publisher}.${extension.id}-${extension.version}.vsix`;
    const raw = path.join(out, 'raw.vsix');
    tfx(stage, raw);

    const files = await readArchive(raw);
    rmSync(raw);
    for (const file of filesUnder(stage).filter((each) => each !== 'vss-extension.json')) {
        const packed = files.get(file);
        if (packed === undefined || !packed.equals(readFileSync(path.join(stage, file)))) {
            throw new Error(`tfx did not pack ${file} as it is`);
        }
    }
    const vsix = path.join(out, name);
    const bytes = await writeArchive(vsix, files);
    const largest = largestVsix(binaries.size);
    if (bytes.length > largest) {
        throw new Error(`${name} has ${bytes.length} bytes, more than the ${largest} that ${binaries.size} platforms may have`);
    }
    writeFileSync(path.join(out, 'SHA256SUMS'), checksums(out, name, files));
    log(`${path.relative(process.cwd(), vsix)}: ${(bytes.length / 1e6).toFixed(2)} MB, ${[...binaries.keys()].join(', ')}`);
    return vsix;
}

/** Runs the real tfx. It warns and goes on where an upload would fail later, so a warning is an error here. */
export function tfx(stage, output) {
    const require = createRequire(import.meta.url);
    const program = path.join(path.dirname(require.resolve('tfx-cli/package.json')), '_build', 'tfx-cli.js');
    const run = spawnSync(
        process.execPath,
        [program, 'extension', 'create', '--root', stage, '--manifests', 'vss-extension.json', '--output-path', output, '--no-color', '--no-prompt'],
        { cwd: stage, encoding: 'utf8', env: { ...process.env, TFX_NO_TELEMETRY: '1' } },
    );
    const said = `${run.stdout ?? ''}${run.stderr ?? ''}`;
    if (run.status !== 0 || /warning|error/i.test(said)) {
        throw new Error(`tfx extension create (exit code ${run.status}) said:\n${said}${run.error?.message ?? ''}`);
    }
}

function checksums(out, name, files) {
    const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
    const rows = [`${digest(readFileSync(path.join(out, name)))}  ${name}`];
    for (const [file, bytes] of files) {
        if (file.startsWith('RunbookGate/')) {
            rows.push(`${digest(bytes)}  ${file}`);
        }
    }
    return `${rows.join('\n')}\n`;
}

/** `linux-x64,win-x64` or `all`. */
function targetsOf(text) {
    const targets = text === 'all' ? ALL : text.split(',');
    const unknown = targets.filter((target) => !(target in PLATFORMS));
    if (unknown.length > 0) {
        throw new Error(`--targets: ${unknown.join(', ')} is none of all, ${Object.keys(PLATFORMS).join(', ')}`);
    }
    return targets;
}

async function main(args) {
    const { values } = parseArgs({
        args,
        options: {
            targets: { type: 'string', default: 'linux-x64' },
            binary: { type: 'string', multiple: true, default: [] },
            out: { type: 'string', default: path.join(root, 'target', 'extension') },
            version: { type: 'string' },
            publisher: { type: 'string' },
        },
    });
    if (values.version !== undefined && !/^\d+\.\d+\.\d+$/.test(values.version)) {
        throw new Error(`--version: "${values.version}" is not of the form 1.2.3`);
    }
    const binaries = new Map();
    for (const given of values.binary) {
        const [, platform, file] = /^([^=]+)=(.+)$/.exec(given) ?? [];
        if (!(platform in PLATFORMS)) {
            throw new Error(`--binary: "${given}" is not of the form platform=path`);
        }
        binaries.set(platform, path.resolve(file));
    }
    const log = (text) => console.log(text);
    const release = values.targets === 'all';
    for (const target of binaries.size > 0 ? [] : targetsOf(values.targets)) {
        const begun = Date.now();
        const file = buildBinary({ root, target, release });
        log(`${target}: ${checkBinary({ target, file })} (${((Date.now() - begun) / 1000).toFixed(0)} s)`);
        binaries.set(target, file);
    }
    mkdirSync(values.out, { recursive: true });
    await packExtension({ binaries, out: values.out, version: values.version, publisher: values.publisher, log });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
    try {
        await main(process.argv.slice(2));
    } catch (error) {
        console.error(`scripts/package: ${error.message}`);
        process.exitCode = 1;
    }
}

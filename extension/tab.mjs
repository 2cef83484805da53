// Bundles the tab "Release gate" into one file, and says which packages of others are in it.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles the tab; the same sources give the same bytes.
 * @param {string} root the repository
 * @returns {Promise<{ files: Map<string, Buffer>, packages: object[] }>} name to content; the packages, as extension/crates.mjs describes crates
 */
export async function bundleTab(root) {
    const folder = path.join(root, 'extension', 'tab');
    const bundle = await build({
        absWorkingDir: root,
        entryPoints: ['extension/tab/source/main.ts'],
        bundle: true,
        minify: true,
        legalComments: 'inline',
        target: 'es2022',
        format: 'iife',
        write: false,
        metafile: true,
        logLevel: 'silent',
        plugins: [asynchronousModules],
        // Of the two forms that it is published in, the one that esbuild reads; and one alone, as two would each want the page for themselves.
        alias: { 'azure-devops-extension-sdk': './node_modules/azure-devops-extension-sdk/esm/SDK.min.js' },
    });
    const [script] = bundle.outputFiles;
    const files = new Map([
        ['tab.css', readFileSync(path.join(folder, 'tab.css'))],
        ['tab.html', readFileSync(path.join(folder, 'tab.html'))],
        ['tab.js', Buffer.from(script.contents)],
    ]);
    return { files, packages: packagesOf(root, Object.keys(bundle.metafile.inputs)) };
}

/** The npm packages that these files belong to. */
function packagesOf(root, inputs) {
    const locked = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
    const names = new Set(inputs.map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter((name) => name !== undefined));
    return [...names].sort().map((name) => {
        const { version, integrity } = locked[`node_modules/${name}`];
        const folder = path.join(root, 'node_modules', name);
        const { license, repository } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
        return {
            ecosystem: 'npm',
            key: `${name}@${version}`,
            name,
            version,
            license,
            own: false,
            folder,
            repository: typeof repository === 'string' ? repository : repository?.url,
            dependencies: [],
            sha512: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex'),
        };
    });
}

/** azure-devops-extension-api is published as AMD alone, which esbuild does not read: each `define` is called at once, with its modules required. */
const asynchronousModules = {
    name: 'amd',
    setup({ onLoad }) {
        onLoad({ filter: /azure-devops-extension-api[\\/].*\.js$/ }, ({ path: file }) => {
            const text = readFileSync(file, 'utf8');
            const [, list] = /\bdefine\(\[([^\]]*)\]/.exec(text) ?? [];
            if (list === undefined) {
                throw new Error(`${file} is no AMD module any more: see extension/tab.mjs`);
            }
            const given = list.split(',').map((name) => name.trim()).map((name) => (/^["'](require|exports)["']$/.test(name) ? name.slice(1, -1) : `require(${name})`));
            return { contents: `const define = (_, made) => made(${given.join(', ')});\n${text}`, loader: 'js' };
        });
    },
};

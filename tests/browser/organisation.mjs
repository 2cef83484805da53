// Stands for an organisation of Azure DevOps: the run's page, the tab's files, and the three addresses that the tab asks.

import { createServer } from 'node:http';
import path from 'node:path';
import { build } from 'esbuild';
import { bundleTab } from '../../extension/tab.mjs';
import { root } from './browser.mjs';

const TYPES = { '.css': 'text/css', '.html': 'text/html', '.js': 'text/javascript' };

/** Starts it; `run` is what it knows of run 7: `attachments` (type, timeline, record, name, content), `timelines` by id, or a `status` that it refuses with. */
export async function startOrganisation(ending) {
    const [{ files }, host] = await Promise.all([
        bundleTab(root),
        build({ entryPoints: [path.join(import.meta.dirname, 'host.mjs')], bundle: true, write: false, format: 'iife', logLevel: 'silent' }),
    ]);
    const organisation = { run: { attachments: [], timelines: {} }, asked: [] };
    const page = '<!doctype html><html lang="en"><title>run</title><style>body,iframe{margin:0;border:0;width:100%;height:100vh}</style><iframe title="Release gate"></iframe><script src="/host.js"></script>';
    const server = createServer((request, response) => {
        const { pathname } = new URL(request.url, 'http://localhost');
        const send = (status, type, body) => response.writeHead(status, { 'content-type': type }).end(body);
        const json = (value) => send(200, 'application/json', JSON.stringify(value));
        if (pathname === '/run') return send(200, 'text/html', page);
        if (pathname === '/host.js') return send(200, 'text/javascript', host.outputFiles[0].text);
        if (pathname === '/favicon.ico') return send(204, 'text/plain', '');
        if (pathname.startsWith('/tab/')) {
            const name = pathname.slice('/tab/'.length);
            return files.has(name) ? send(200, TYPES[path.extname(name)], files.get(name)) : send(404, 'text/plain', '');
        }
        organisation.asked.push({ address: pathname, authorization: request.headers.authorization });
        const { attachments, timelines, status } = organisation.run;
        if (status !== undefined) return send(status, 'application/json', JSON.stringify({ message: 'TF400813: not authorized' }));
        if (/^\/project\/_apis\/build\/Builds\/7$/i.test(pathname)) return json({ id: 7, status: organisation.run.going ? 1 : 2 });
        const listed = /^\/project\/_apis\/build\/Builds\/7\/attachments\/([^/]+)$/i.exec(pathname);
        if (listed !== null) {
            const href = (each) => `http://${request.headers.host}/project/_apis/build/builds/7/${each.timeline}/${each.record}/attachments/${each.type}/${each.name}`;
            const value = attachments.filter((each) => each.type === listed[1]).map((each) => ({ name: each.name, _links: { self: { href: href(each) } } }));
            // The SDK's client asks for lists without their envelope.
            return json(request.headers.accept.includes('noArrayWrap=true') ? value : { count: value.length, value });
        }
        const read = /^\/project\/_apis\/build\/Builds\/7\/([^/]+)\/([^/]+)\/attachments\/([^/]+)\/([^/]+)$/i.exec(pathname);
        if (read !== null) {
            const found = attachments.find((each) => [each.timeline, each.record, each.type, each.name].every((part, index) => part === decodeURIComponent(read[index + 1])));
            return found === undefined ? send(404, 'text/plain', '') : send(200, 'application/octet-stream', found.content);
        }
        const timeline = /^\/project\/_apis\/build\/Builds\/7\/Timeline(?:\/([^/]*))?$/i.exec(pathname);
        if (timeline !== null) return json(timelines[timeline[1] || 'current'] ?? null);
        return send(404, 'text/plain', '');
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    ending.push(() => server.close());
    organisation.address = `http://127.0.0.1:${server.address().port}/run`;
    return organisation;
}

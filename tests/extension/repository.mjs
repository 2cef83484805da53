// A repository in a folder of a test.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/** Runs git in a folder, with an identity and none of this machine's settings. */
export function git(folder, ...args) {
    const settings = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false'];
    const ended = spawnSync('git', [...settings, ...args], { cwd: folder, encoding: 'utf8', env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' } });
    assert.equal(ended.status, 0, ended.stderr);
    return ended.stdout;
}

/** Makes the folder a repository whose one commit has what is in it. */
export function commitAll(folder) {
    git(folder, 'init', '--quiet');
    git(folder, 'add', '.');
    git(folder, 'commit', '--quiet', '-m', 'first');
}

/** Adds commits with these messages, each with a file of its own, in one go. */
export function commitEach(folder, commits) {
    const data = (text) => `data ${Buffer.byteLength(text)}\n${text}\n`;
    const parent = git(folder, 'rev-parse', 'HEAD').trim();
    const stream = commits.map(
        ({ message, file, content = message }, index) =>
            `commit refs/heads/hostile\nmark :${index + 1}\ncommitter Ada <ada@example.com> ${1767225600 + index} +0000\n${data(message)}` +
            `from ${index === 0 ? parent : `:${index}`}\nM 100644 inline ${quoted(file)}\n${data(content)}`,
    );
    const ended = spawnSync('git', ['fast-import', '--quiet'], { cwd: folder, input: stream.join(''), encoding: 'utf8' });
    assert.equal(ended.status, 0, ended.stderr);
    git(folder, 'checkout', '--quiet', 'hostile');
}

/** A path as fast-import reads it. */
function quoted(file) {
    return `"${file.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
}

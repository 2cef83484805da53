// What the Azure Pipelines agent starts. It picks the native binary of this machine, checks it, runs it, passes signals
// and the exit code on, and neither outlives the binary nor lets the binary outlive it. It needs nothing but Node 20.
'use strict';

const childProcess = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** How long the binary has after a SIGTERM. The agent kills this process 2.5 s after its own. */
const TERMINATION_GRACE_MS = 2000;
const MANIFEST = 'manifest.json';
const EXECUTABLE = 0o755;
const EXECUTABLE_BY_OWNER = 0o700;
/** Read piece by piece: a buffer of the binary's own size costs more than the checksum. */
const PIECE_BYTES = 64 * 1024;

/** What is wrong, what it means and what to do, in words for the person who reads the log. */
class LaunchError extends Error {}

function main() {
    // First of all: whoever cancels while the binary is looked at, or before it hears, is not lost.
    const signals = new Signals();
    try {
        run(locate(process.env, process.platform, process.arch), signals);
    } catch (error) {
        failBeforeStart(error);
    }
}

/**
 * Finds the binary.
 * @returns {{ file: string, entry?: object }} the file to run; its entry in the manifest, by which it was checked, where it is ours
 */
function locate(environment, platform, architecture) {
    const override = (environment.INPUT_BINARYPATH ?? '').trim();
    if (override !== '') {
        return { file: overriding(override) };
    }
    const bin = path.join(__dirname, 'bin');
    const binaries = readManifest(bin);
    const wanted = platformName(environment, platform, architecture);
    const entry = binaries[wanted];
    if (entry === undefined) {
        const packed = Object.keys(binaries).sort().join(', ') || 'none';
        throw new LaunchError(
            `This task has no binary for ${wanted}; it has: ${packed}. ` +
                'Run the job on an agent of one of these platforms, or set the input binaryPath to a runbook-gate that was built for this one.',
        );
    }
    const file = path.join(bin, ...entry.path.split('/'));
    check(file, entry);
    return { file, entry };
}

/** The user's own binary, which is run as it is. */
function overriding(file) {
    if (/\$[({]/.test(file)) {
        throw new LaunchError(
            `The input binaryPath is "${file}": a variable in it has no value. Set the variable, or leave binaryPath empty.`,
        );
    }
    if (!path.isAbsolute(file)) {
        throw new LaunchError(`The input binaryPath is "${file}": it must be an absolute path, for example $(Agent.ToolsDirectory)/runbook-gate.`);
    }
    const status = fs.statSync(file, { throwIfNoEntry: false });
    if (status === undefined || !status.isFile()) {
        throw new LaunchError(`The input binaryPath is "${file}": there is no such file on this agent.`);
    }
    if (!isExecutable(file)) {
        throw new LaunchError(`The input binaryPath is "${file}": this file is not executable for the agent's user. Run chmod +x on it.`);
    }
    return file;
}

/** The name under which the manifest lists this machine's binary. */
function platformName(environment, platform, architecture) {
    const systems = { linux: 'linux', win32: 'win', darwin: 'macos' };
    const system = systems[platform] ?? platform;
    if (system === 'win') {
        // Windows on Arm runs x64 programs, and a 32-bit Node on a 64-bit Windows can start them.
        const native = environment.PROCESSOR_ARCHITEW6432 ?? '';
        if (architecture === 'arm64' || (architecture === 'ia32' && native !== '')) {
            return 'win-x64';
        }
    }
    return `${system}-${architecture}`;
}

function readManifest(bin) {
    const file = path.join(bin, MANIFEST);
    let manifest;
    try {
        manifest = JSON.parse(fs.readFileSync(file, 'utf8'));
    } catch (error) {
        throw damaged(`${file} cannot be read (${error.message})`);
    }
    if (manifest?.format !== 1 || typeof manifest.binaries !== 'object' || manifest.binaries === null) {
        throw damaged(`${file} is not a manifest of format 1`);
    }
    return manifest.binaries;
}

/** Reads the binary and compares it with the manifest: a half-written cache, a quarantine and a mixed version are found here. */
function check(file, entry) {
    let found;
    try {
        found = sha256Of(file);
    } catch (error) {
        throw damaged(`${file} cannot be read (${error.code ?? error.message}); a virus scanner may have taken it away`);
    }
    if (found.sha256 !== entry.sha256) {
        throw damaged(
            `${file} is not the binary that was packed: its SHA-256 is ${found.sha256} (${found.bytes} bytes), expected ${entry.sha256} (${entry.bytes} bytes)`,
        );
    }
}

function sha256Of(file) {
    const hash = crypto.createHash('sha256');
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const opened = fs.openSync(file, 'r');
    let bytes = 0;
    try {
        for (let read = fs.readSync(opened, piece); read > 0; read = fs.readSync(opened, piece)) {
            hash.update(piece.subarray(0, read));
            bytes += read;
        }
    } finally {
        fs.closeSync(opened);
    }
    return { sha256: hash.digest('hex'), bytes };
}

function damaged(what) {
    return new LaunchError(`The installed task is damaged: ${what}. Nothing was run. Delete ${__dirname} on this agent, so that it fetches the task again.`);
}

function isExecutable(file) {
    try {
        fs.accessSync(file, fs.constants.X_OK);
        return true;
    } catch {
        return false;
    }
}

/** The extension format keeps no executable bit. */
function makeExecutable(file) {
    if (isExecutable(file)) {
        return true;
    }
    try {
        fs.chmodSync(file, EXECUTABLE);
    } catch {
        return false;
    }
    return isExecutable(file);
}

/** Copies the binary to where this user may execute it. */
function copyOf(file, entry) {
    const temporary = process.env.AGENT_TEMPDIRECTORY || os.tmpdir();
    let folder;
    try {
        folder = fs.mkdtempSync(path.join(temporary, 'runbook-gate-'));
        const copy = path.join(folder, path.basename(file));
        fs.copyFileSync(file, copy, fs.constants.COPYFILE_EXCL);
        check(copy, entry);
        fs.chmodSync(copy, EXECUTABLE_BY_OWNER);
        return { file: copy, folder };
    } catch (error) {
        discard(folder);
        if (error instanceof LaunchError) {
            throw error;
        }
        throw new LaunchError(
            `The task's folder ${__dirname} does not let the binary be executed, and it cannot be copied to ${temporary} (${error.code ?? error.message}). ` +
                'Give the agent a temporary folder that it can write to, or set the input binaryPath.',
        );
    }
}

function discard(folder) {
    if (folder !== undefined) {
        fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    }
}

function run({ file, entry }, signals) {
    if (entry === undefined || makeExecutable(file)) {
        start(file, signals, (error) => {
            // A folder mounted noexec lets the bit be set, and refuses to execute all the same.
            if (entry !== undefined && (error.code === 'EACCES' || error.code === 'EPERM')) {
                runCopy(file, entry, signals);
            } else {
                throw cannotStart(file, error);
            }
        });
    } else {
        runCopy(file, entry, signals);
    }
}

function runCopy(file, entry, signals) {
    const copy = copyOf(file, entry);
    process.on('exit', () => discard(copy.folder));
    start(copy.file, signals, (error) => {
        throw cannotStart(copy.file, error);
    });
}

function cannotStart(file, error) {
    return new LaunchError(`${file} could not be started (${error.code ?? error.message}). Its folder may be mounted noexec, or a policy of this machine forbids it.`);
}

/**
 * Starts the binary. Its standard input is a pipe that nobody writes to: it ends when this process does, however that
 * happens, and the binary then ends too.
 */
function start(file, signals, onRefused) {
    let child;
    try {
        child = childProcess.spawn(file, ['task'], {
            // No windowsHide and not detached: Windows sends Ctrl-C to all of one console, and the binary belongs to it.
            stdio: ['pipe', 'inherit', 'inherit'],
            env: { ...process.env, RUNBOOK_GATE_PARENT_PIPE: 'stdin' },
        });
    } catch (error) {
        onRefused(error);
        return;
    }
    if (child.pid === undefined) {
        child.on('error', (error) => {
            try {
                onRefused(error);
            } catch (refusal) {
                failBeforeStart(refusal);
            }
        });
        return;
    }
    child.on('error', () => {}); // a signal that could not be delivered
    child.stdin.on('error', () => {});
    signals.forwardTo(child);
    child.on('exit', (code, signal) => {
        signals.stop();
        child.stdin.destroy();
        if (signal === null) {
            process.exitCode = code;
        } else {
            const number = os.constants.signals[signal] ?? 0;
            fail(`runbook-gate was ended by ${signal} before it could decide.`, 128 + number);
        }
    });
}

/** The signals of the agent, for the binary: those that come before it is started are kept for it. */
class Signals {
    // On Windows the binary gets Ctrl-C and Ctrl-Break itself; this process only has to stay until it has ended.
    static #NAMES = process.platform === 'win32' ? ['SIGINT', 'SIGBREAK'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];
    #child;
    #kept = [];
    #deadline;

    constructor() {
        for (const name of Signals.#NAMES) {
            process.on(name, this.#pass);
        }
    }

    forwardTo(child) {
        this.#child = child;
        this.#kept.forEach(this.#pass);
    }

    stop() {
        clearTimeout(this.#deadline);
        for (const name of Signals.#NAMES) {
            process.removeListener(name, this.#pass);
        }
    }

    #pass = (signal) => {
        if (process.platform === 'win32') {
            return;
        }
        if (this.#child === undefined) {
            this.#kept.push(signal);
            return;
        }
        this.#child.kill(signal);
        if (signal === 'SIGTERM') {
            this.#deadline ??= setTimeout(() => this.#child.kill('SIGKILL'), TERMINATION_GRACE_MS);
        }
    };
}

/** Fails the step of a binary that never ran, which therefore said nothing itself. */
function failBeforeStart(error) {
    const message = error instanceof LaunchError ? error.message : `The launcher of runbook-gate failed: ${error.stack ?? error}`;
    command('task.setvariable variable=decision;isOutput=true', 'error');
    command('task.setvariable variable=reason;isOutput=true', message);
    fail(message, 1);
}

/** Fails the step: the result is for the log, the exit code is what no later line of output can undo. */
function fail(message, exitCode) {
    command('task.logissue type=error', message);
    command('task.complete result=Failed', 'runbook-gate did not decide');
    process.exitCode = exitCode;
}

/** Writes a logging command; its data is disarmed, and escaped as the agent decodes it. */
function command(head, data) {
    const disarmed = data.replace(/[^\P{C}\r\n\t]/gu, '\uFFFD').replace(/#(?=\p{M}*#)/gu, '# ');
    const escaped = disarmed.replace(/%/g, '%AZP25').replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/]/g, '%5D');
    process.stdout.write(`##vso[${head}]${escaped}\n`);
}

main();

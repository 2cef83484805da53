// The archive that tfx makes, made again so that the same content is the same bytes: names in order, no times, no machine.

import { readFileSync, writeFileSync } from 'node:fs';
import JSZip from 'jszip';

/** The oldest time that a zip can hold. */
const NO_TIME = new Date(Date.UTC(1980, 0, 1));

/** Reads a `.vsix`: its files by name. */
export async function readArchive(file) {
    const zip = await JSZip.loadAsync(readFileSync(file));
    const files = new Map();
    for (const name of Object.keys(zip.files).filter((each) => !zip.files[each].dir).sort()) {
        files.set(name, await zip.files[name].async('nodebuffer'));
    }
    return files;
}

/** Writes files as a `.vsix`, the same bytes for the same files; like the service's own, without executable bits. */
export async function writeArchive(file, files) {
    const zip = new JSZip();
    for (const name of [...files.keys()].sort()) {
        zip.file(name, files.get(name), { date: NO_TIME, createFolders: false });
    }
    const bytes = await zip.generateAsync({
        type: 'nodebuffer',
        platform: 'DOS',
        compression: 'DEFLATE',
        compressionOptions: { level: 9 },
    });
    writeFileSync(file, bytes);
    return bytes;
}

// Makes the README's picture: the page of the example journal, as a wide screen shows it.

import path from 'node:path';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { PNG } from 'pngjs';
import { open, root, startBrowser } from './browser.mjs';

const ending = [];
const browser = await startBrowser(ending);
try {
    const folder = path.join(root, 'examples', 'reports');
    const { page, close } = await open(browser, pathToFileURL(path.join(folder, 'report.html')).href, { width: 960, height: 1180 });
    const seen = PNG.sync.read(await page.screenshot({ animations: 'disabled', caret: 'hide' }));
    writeFileSync(path.join(folder, 'report.png'), PNG.sync.write(seen, { colorType: 2, deflateLevel: 9 }));
    await close();
} finally {
    for (const end of ending) {
        await end();
    }
}

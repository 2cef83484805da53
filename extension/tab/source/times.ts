// The reader's own time beside UTC, which is all that a page without a script can print.

/** `Thu, 1 Jan 2026, 01:07:45 GMT+1` in the reader's language and zone. */
export function local(at: Date): string {
    return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' }).format(at);
}

function clock(at: Date): string {
    return new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' }).format(at);
}

/** A report's page for the frame, with the local time before each of its times. The page is parsed and not run: it has no script, and stays without. */
export function localised(page: string): string {
    const parsed = new DOMParser().parseFromString(page, 'text/html');
    // In such a frame a link to a section would load the tab once more: its addresses are read from there.
    parsed.querySelector('nav')?.remove();
    for (const time of parsed.querySelectorAll('time[datetime]')) {
        const at = new Date(time.getAttribute('datetime') ?? '');
        const utc = time.textContent ?? '';
        if (!Number.isNaN(at.getTime())) {
            // A date is there where the page has one.
            time.textContent = utc.includes('-') ? `${local(at)} (${utc})` : `${clock(at)} (${utc} UTC)`;
        }
    }
    return `<!doctype html>\n${parsed.documentElement.outerHTML}`;
}

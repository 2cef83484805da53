// What the tab shows. Text goes in as text; a report goes into a frame that may run nothing and reach nothing.

import type { Gate, Summary } from './gates';
import { local } from './times';

function element<K extends keyof HTMLElementTagNameMap>(tag: K, text = '', className = ''): HTMLElementTagNameMap[K] {
    const made = document.createElement(tag);
    made.textContent = text;
    if (className !== '') {
        made.className = className;
    }
    return made;
}

export class View {
    constructor(readonly root: HTMLElement) {}

    /** One sentence: why there is no report. */
    say(text: string, again?: () => void): void {
        this.root.replaceChildren(element('h1', 'Release gate'), element('p', text, 'state'), ...this.#button(again));
    }

    /** The list of gates, and room for a report. */
    gates(gates: readonly Gate[], summaries: readonly (Summary | undefined)[], going: boolean, choose: (gate: Gate) => void, again: () => void): void {
        const list = element('ul', '', 'gates');
        list.setAttribute('aria-label', 'Gates of this run');
        gates.forEach((gate, index) => {
            const summary = summaries[index];
            const button = element('button', '', summary?.tone ?? '');
            button.type = 'button';
            button.append(element('b', `${summary?.word ?? 'Report'}: ${gate.title}`));
            if (summary?.target !== undefined) {
                button.append(element('span', `back to ${summary.target}`));
            }
            if (summary?.decidedAt !== undefined) {
                const utc = `${summary.decidedAt.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
                button.append(element('span', `decided ${local(summary.decidedAt)} (${utc})`));
            }
            button.addEventListener('click', () => {
                this.#mark(button);
                choose(gate);
            });
            const item = element('li');
            item.append(button);
            list.append(item);
        });
        const said = going ? [element('p', 'The run is still going: a gate appears here when its step has ended.', 'state'), ...this.#button(again)] : [];
        this.root.replaceChildren(element('h1', 'Release gate'), ...said, list, element('div', '', 'frame'));
        const first = list.querySelector('button');
        const gate = gates[0];
        if (first !== null && gate !== undefined) {
            this.#mark(first);
            choose(gate);
        }
    }

    /** A report in its frame. */
    page(title: string, html: string): void {
        const frame = document.createElement('iframe');
        frame.title = `Report of ${title}`;
        // No script, no form, no origin; a link may open a tab of its own.
        frame.setAttribute('sandbox', 'allow-popups allow-popups-to-escape-sandbox');
        frame.setAttribute('referrerpolicy', 'no-referrer');
        frame.srcdoc = html;
        this.#frame(frame);
    }

    /** A sentence in place of a report. */
    instead(text: string): void {
        this.#frame(element('p', text));
    }

    #frame(content: HTMLElement): void {
        this.root.querySelector('.frame')?.replaceChildren(content);
    }

    #mark(chosen: HTMLButtonElement): void {
        for (const button of this.root.querySelectorAll('.gates button')) {
            button.setAttribute('aria-current', String(button === chosen));
        }
        chosen.setAttribute('aria-current', 'true');
    }

    #button(again: (() => void) | undefined): HTMLElement[] {
        if (again === undefined) {
            return [];
        }
        const button = element('button', 'Look again', 'again');
        button.type = 'button';
        button.addEventListener('click', again);
        return [button];
    }
}

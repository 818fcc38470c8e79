import { autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { sql } from '@codemirror/lang-sql';
import { bracketMatching, indentOnInput } from '@codemirror/language';
import { lintKeymap, nextDiagnostic, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
  ViewPlugin,
  type DecorationSet,
  type ViewUpdate,
} from '@codemirror/view';
import { statementAt } from '../../sql/statements.ts';
import { completionSource } from './completion.ts';
import { dialect } from './language.ts';
import { look } from './look.ts';

export interface EditorHooks {
  onchange: (text: string) => void;
  runHere: () => void;
  runAll: () => void;
  cancel: () => void;
  format: () => void;
  save: () => void;
  database: () => string;
  /** Shown where nothing is written yet. */
  example: string;
}

/** A problem in the text, by its place. */
export interface EditorProblem {
  from: number;
  to: number;
  message: string;
}

export interface EditorHandle {
  text(): string;
  setText(text: string): void;
  /** Puts a text in at the cursor. */
  insert(text: string): void;
  /** The selection, or null when nothing is selected. */
  selection(): { from: number; to: number; text: string } | null;
  cursor(): number;
  showProblems(problems: EditorProblem[]): void;
  focus(): void;
  destroy(): void;
}

/** The editor in `parent`, with the nonce that the page's policy asks of its style elements. */
export function createEditor(parent: HTMLElement, text: string, hooks: EditorHooks): EditorHandle {
  const view = new EditorView({ parent, state: EditorState.create({ doc: text, extensions: extensions(hooks) }) });
  return {
    text: () => view.state.doc.toString(),
    setText(next) {
      const { main } = view.state.selection;
      const at = Math.min(main.head, next.length);
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next }, selection: { anchor: at } });
    },
    insert(added) {
      view.dispatch(view.state.replaceSelection(added));
      view.focus();
    },
    selection() {
      const { from, to } = view.state.selection.main;
      return from === to ? null : { from, to, text: view.state.sliceDoc(from, to) };
    },
    cursor: () => view.state.selection.main.head,
    showProblems(problems) {
      const length = view.state.doc.length;
      const diagnostics: Diagnostic[] = problems.map((problem) => ({
        from: Math.min(problem.from, length),
        to: Math.min(problem.to, length),
        severity: 'error',
        message: problem.message,
      }));
      view.dispatch(setDiagnostics(view.state, diagnostics));
      const first = diagnostics[0];
      if (first) view.dispatch({ effects: EditorView.scrollIntoView(first.from, { y: 'nearest', yMargin: 40 }) });
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

function extensions(hooks: EditorHooks): Extension[] {
  const run = (action: () => void) => (view: EditorView) => {
    closeCompletion(view);
    action();
    return true;
  };
  return [
    EditorView.cspNonce.of(document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''),
    lineNumbers(),
    highlightActiveLineGutter(),
    history(),
    drawSelection(),
    EditorState.allowMultipleSelections.of(true),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightSelectionMatches({ minSelectionLength: 2 }),
    sql({ dialect, upperCaseKeywords: true }),
    autocompletion({
      override: [completionSource(hooks.database)],
      maxRenderedOptions: 80,
      // A stage or a folder is a step on the way to a file: what is in it comes at once.
      activateOnCompletion: ({ type }) => type === 'namespace' || type === 'folder',
    }),
    placeholder(hooks.example),
    EditorView.contentAttributes.of({
      'aria-label': 'SQL of the worksheet. Escape, then Tab, leaves the editor.',
      tabindex: '0',
    }),
    statementMark,
    replaceByHand,
    look,
    keymap.of([
      { key: 'Mod-Enter', run: run(hooks.runHere) },
      { key: 'Alt-Enter', run: run(hooks.runHere) },
      { key: 'Mod-Shift-Enter', run: run(hooks.runAll) },
      { key: 'Ctrl-Alt-c', run: run(hooks.cancel) },
      { key: 'Shift-Alt-f', run: run(hooks.format) },
      { key: 'Mod-s', run: run(hooks.save) },
      { key: 'F8', run: nextDiagnostic },
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...lintKeymap,
      ...defaultKeymap,
      indentWithTab,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) hooks.onchange(update.state.doc.toString());
    }),
  ];
}

/**
 * Text typed over a selection. A browser that does this by itself keeps the looks of what was there in a `style`
 * attribute, which the page's policy refuses, and the editor would throw away.
 */
const replaceByHand = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main, ranges } = view.state.selection;
    const text = event.data;
    if (event.inputType !== 'insertText' || !text || event.isComposing || main.empty || ranges.length > 1) return false;
    event.preventDefault();
    const insert = () =>
      view.state.update(view.state.replaceSelection(text), { userEvent: 'input.type', scrollIntoView: true });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, main.from, main.to, text, insert))) view.dispatch(insert());
    return true;
  },
});

const line = Decoration.line({ class: 'cm-statement' });
/** Above this, finding the statement at each move of the cursor would be felt. */
const MARK_CHARACTERS_MAX = 200_000;

/** A quiet ground under the statement that Ctrl Enter would run, where there is more than one. */
const statementMark = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = mark(view);
    }
    update(update: ViewUpdate) {
      if (update.docChanged || update.selectionSet) this.decorations = mark(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function mark(view: EditorView): DecorationSet {
  const { doc, selection } = view.state;
  if (doc.length > MARK_CHARACTERS_MAX || !selection.main.empty) return Decoration.none;
  const text = doc.toString();
  const statement = statementAt(text, selection.main.head);
  if (!statement || statement.text.length >= text.trim().length - 1) return Decoration.none;
  const ranges = [];
  const last = doc.lineAt(statement.to).number;
  for (let number = doc.lineAt(statement.from).number; number <= last; number += 1) {
    ranges.push(line.range(doc.line(number).from));
  }
  return Decoration.set(ranges);
}

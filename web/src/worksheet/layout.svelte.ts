const KEY = 'stagedoor.layout';

interface Stored {
  treeWidth: number;
  dockHeight: number;
  showsTree: boolean;
  showsDock: boolean;
}

function read(): Partial<Stored> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Stored>;
  } catch {
    return {};
  }
}

/** Sizes of the worksheet's panes, the same for all worksheets of this browser. */
class Layout {
  treeWidth = $state(240);
  dockHeight = $state(Math.round(window.innerHeight * 0.45));
  showsTree = $state(window.innerWidth > 900);
  showsDock = $state(true);

  constructor() {
    Object.assign(this, read());
    if (window.innerWidth <= 640) this.showsTree = false;
  }

  keep(): void {
    const { treeWidth, dockHeight, showsTree, showsDock } = this;
    try {
      localStorage.setItem(KEY, JSON.stringify({ treeWidth, dockHeight, showsTree, showsDock }));
    } catch {
      // Then they are as at first, next time.
    }
  }
}

export const layout = new Layout();

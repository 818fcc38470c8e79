import { toasts } from '../app/toasts.svelte.ts';

/** Saves the drawing as a picture: the canvas as it is, or the SVG with its colours written out. */
export async function savePng(frame: HTMLElement, name: string): Promise<void> {
  try {
    const canvas = frame.querySelector('canvas') ?? (await paint(frame));
    if (!canvas) {
      toasts.show('There is no drawing to save', { kind: 'info' });
      return;
    }
    const link = document.createElement('a');
    link.href = withGround(canvas).toDataURL('image/png');
    link.download = `${name}.png`;
    link.click();
  } catch (failure) {
    toasts.fail(failure);
  }
}

function withGround(source: HTMLCanvasElement): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = source.width;
  canvas.height = source.height;
  const context = canvas.getContext('2d');
  if (!context) return source;
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--surface');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0);
  return canvas;
}

const STYLES = ['fill', 'stroke', 'stroke-width', 'font-size', 'font-weight', 'font-family', 'opacity'];
const SCALE = 2;

async function paint(frame: HTMLElement): Promise<HTMLCanvasElement | null> {
  const svg = frame.querySelector('svg');
  if (!svg) return null;
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const sources = [svg, ...svg.querySelectorAll('*')];
  const copies = [copy, ...copy.querySelectorAll('*')];
  sources.forEach((element, index) => {
    const style = getComputedStyle(element);
    for (const property of STYLES) copies[index]?.setAttribute(property, style.getPropertyValue(property));
  });
  const { width, height } = svg.getBoundingClientRect();
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const text = new XMLSerializer().serializeToString(copy);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = width * SCALE;
  canvas.height = height * SCALE;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

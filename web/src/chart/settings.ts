export type ChartKind = 'line' | 'area' | 'bar' | 'scatter' | 'pie' | 'score';

/** How a result is drawn; columns by name, so that it survives another order. */
export interface ChartSettings {
  kind: ChartKind;
  x: string;
  y: string[];
}

import type { Part } from '../part.js';
export const scale: Part = { name: 'scale', title: 'Scale', run: async () => ({ rounds: '', lines: [], plots: {} }) };

// ES module that imports CommonJS that requires the drivers
import './require-node.cjs';

// A script that does nothing: the first line shows that it ran, and which agents were there before it.
console.log(require('./first-line.cjs').firstLine());

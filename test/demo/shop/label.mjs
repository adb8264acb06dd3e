// A child process: the number on the parcel's label, with GS1's check digit at its end.
const digits = `0034012345${process.argv[2].padStart(9, '0')}`;
const sum = [...digits].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 3 : 1), 0);
process.send(`${digits}${(10 - (sum % 10)) % 10}`);

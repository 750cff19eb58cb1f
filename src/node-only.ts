/** What browsers get in the place of Node's modules and of files that need them. */
throw new Error('This needs Node: there are no files and no native code in a browser.');

/* io.h - the room where memory meets disk. One part a header:
 *
 *   io/jail.h        untrusted books, read in a child process
 *   io/dictfile.h    the dictionary's file: built at set-up, found and mapped at run time
 *   io/store/store.h       the SQLite store of a library
 *   io/scenes/scenefile.h   fractal_thoughtset.yaml and pvq.json
 *   io/models/weights.h     safetensors, GGUF
 *   io/mind.h        a mind's folder: its files, their manifest, check
 */
#ifndef LTM_IO_H
#define LTM_IO_H

#include "io/jail.h"
#include "io/dictfile.h"
#include "io/store/store.h"
#include "io/scenes/scenefile.h"
#include "io/models/weights.h"
#include "io/mind.h"

#endif

/* ledger_guess.h - how often each form stood for each lemma. Private to the ledger. */
#ifndef LTM_APP_LEDGER_GUESS_H
#define LTM_APP_LEDGER_GUESS_H

#include "app/ledger/ledger.h"

struct guess;
struct guess *guess_open(void);
void guess_close(struct guess *p);
void guess_add(struct guess *p, uint32_t lemma, uint32_t form);

#endif

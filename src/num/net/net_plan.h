/* net_plan.h - private to num: where in one block each value, gradient and keep lies. */
#ifndef LTM_NUM_NET_PLAN_H
#define LTM_NUM_NET_PLAN_H

#include "num/net/net.h"

/* Allocates t->block and sets x, dx, keep of every node and t->work. */
void net_plan_memory(struct net *t);

#endif

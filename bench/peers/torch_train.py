"""The shape of bench_train in PyTorch: a GPT of 6 layers, width 256, 8 heads, tied embedding.

Usage: torch_train.py float32|bf16 STEPS THREADS; prints tokens/s of the fastest step. Attention is
torch's own scaled_dot_product_attention where it has one, else the plain form.
"""
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

LAYERS, WIDTH, HEADS, VOCAB, CONTEXT, ROWS = 6, 256, 8, 8192, 256, 16


def attention(q, k, v, mask):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    s = (q @ k.transpose(-2, -1)) * (q.size(-1) ** -0.5)
    return F.softmax(s.masked_fill(mask, float("-inf")), dim=-1) @ v


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x, mask):
        b, t, c = x.shape
        q, k, v = (p.view(b, t, HEADS, c // HEADS).transpose(1, 2) for p in self.qkv(self.n1(x)).split(c, 2))
        x = x + self.out(attention(q, k, v, mask).transpose(1, 2).reshape(b, t, c))
        return x + self.down(F.gelu(self.up(self.n2(x))))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok, self.pos = nn.Embedding(VOCAB, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.layers, self.norm = nn.ModuleList(Layer() for _ in range(LAYERS)), nn.LayerNorm(WIDTH)

    def forward(self, ids, truth, mask):
        x = self.tok(ids) + self.pos(torch.arange(ids.size(1)))
        for layer in self.layers:
            x = layer(x, mask)
        logits = F.linear(self.norm(x), self.tok.weight)
        return F.cross_entropy(logits.view(-1, VOCAB).float(), truth.view(-1))


kind, steps = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(int(sys.argv[3]))
torch.manual_seed(1)
model = Model()
adam = torch.optim.AdamW(model.parameters(), lr=1e-4)
ids = torch.randint(VOCAB, (ROWS, CONTEXT))
truth = torch.randint(VOCAB, (ROWS, CONTEXT))
mask = torch.triu(torch.ones(CONTEXT, CONTEXT, dtype=torch.bool), 1)
best = 1e9
for step in range(steps + 1):           # the first one warms up: not counted
    start = time.perf_counter()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=kind == "bf16"):
        loss = model(ids, truth, mask)
    adam.zero_grad()
    loss.backward()
    adam.step()
    if step:
        best = min(best, time.perf_counter() - start)
print("tokens_per_second=%.1f" % (ROWS * CONTEXT / best))

"""Makes what TurnoutTrainingTests/FineTuning* compare with: gradients and loss curves that PyTorch computes.

    python Reference/make_tuning_goldens.py

Writes Tests/TurnoutTrainingTests/Fixtures/Tuning/{bert,roberta,deberta-v3,deberta-v2}: small models of seeded random weights in the ordinary
layout, each with `gradients.safetensors` (LOSS.TENSOR for the losses `pairs`, `classes` and `shares`), `tuning.json`
(token ids, targets, losses) and, for bert, `curve.json` and `curve.safetensors`: twenty steps of setfit's own trainer,
batch by batch, and the weights it ends with. For bert and deberta-v3 `head-curves.json`: twenty steps of transformers'
Trainer on each of two losses over the same batches, those of `classifier` and `hybrid` routers. `Tuning/heads.json`:
scikit-learn's logistic regressions, and `Tuning/differentiable-heads.json`: setfit's torch heads with every step of their
training.

    python Reference/make_tuning_goldens.py differentiable

makes the last one alone.

Needs torch, transformers, sentence-transformers, setfit, datasets, safetensors (versions of the committed files: 2.13,
5.24, 6.2, 1.2, 4.8, 0.7).
"""
import json
import os
import random
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import torch
from safetensors.torch import save_file

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "Tests", "TurnoutTrainingTests", "Fixtures", "Tuning")
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list("abcdefghijklmnopqrstuvwxyz")
# Nothing fills a vector register: heads of 4, rows of 12 and 20.
SIZES = dict(hidden_size=12, num_attention_heads=3, intermediate_size=20, num_hidden_layers=2,
             initializer_range=0.3, vocab_size=len(VOCABULARY), hidden_dropout_prob=0.0,
             attention_probs_dropout_prob=0.0, num_labels=3)
LENGTHS = [1, 5, 9, 2, 14, 7]


def dump(folder, name, value):
    with open(os.path.join(folder, name), "w") as f:
        json.dump(value, f, separators=(",", ":"))
        f.write("\n")


def model_of(family, folder):
    from transformers import (BertConfig, BertForSequenceClassification, DebertaV2Config,
                              DebertaV2ForSequenceClassification, RobertaConfig, RobertaForSequenceClassification)

    if family == "bert":
        kind, config = BertForSequenceClassification, BertConfig(max_position_embeddings=18, **SIZES)
    elif family == "roberta":
        kind, config = RobertaForSequenceClassification, RobertaConfig(
            max_position_embeddings=20, pad_token_id=1, type_vocab_size=1, layer_norm_eps=1e-5,
            hidden_act="gelu_new", **SIZES)
    elif family == "deberta-v3":
        kind, config = DebertaV2ForSequenceClassification, DebertaV2Config(
            max_position_embeddings=18, relative_attention=True, position_buckets=4, norm_rel_ebd="layer_norm",
            share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False, **SIZES)
    else:
        kind, config = DebertaV2ForSequenceClassification, DebertaV2Config(
            max_position_embeddings=18, relative_attention=True, max_relative_positions=7, pos_att_type=["p2c", "c2p"],
            type_vocab_size=2, **SIZES)
    torch.manual_seed(len(family))
    model = kind(config).eval()
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() == 1:  # biases and norms start at 0 and 1, which would prove little
                p.add_(torch.randn_like(p) * 0.2)
    config.architectures = [kind.__name__]
    config.dtype = None
    config.save_pretrained(folder)
    save_file({k: v.contiguous() for k, v in model.state_dict().items() if v.is_floating_point()},
              os.path.join(folder, "model.safetensors"))
    with open(os.path.join(folder, "vocab.txt"), "w") as f:
        f.write("\n".join(VOCABULARY) + "\n")
    os.makedirs(os.path.join(folder, "1_Pooling"), exist_ok=True)
    dump(folder, "1_Pooling/config.json",
         {"word_embedding_dimension": 12, "pooling_mode_mean_tokens": family == "bert",
          "pooling_mode_max_tokens": family != "bert"})
    modules = ["Transformer", "Pooling"] + (["Normalize"] if family == "bert" else [])
    dump(folder, "modules.json",
         [dict(idx=i, name=str(i), path="" if i == 0 else f"{i}_{m}", type=f"sentence_transformers.models.{m}")
          for i, m in enumerate(modules)])
    return model


def gradients(family, folder):
    model = model_of(family, folder)
    body = getattr(model, model.base_model_prefix)
    generator = random.Random(3)
    ids = [[generator.randrange(5, len(VOCABULARY)) for _ in range(n)] for n in LENGTHS]
    pairs = [(0, 1, 1.0), (2, 3, 0.0), (1, 4, 1.0), (4, 5, 0.0), (2, 2, 1.0)]
    classes, shares = [0, 2, 1, 1, 0, 2], [[generator.random() for _ in range(3)] for _ in LENGTHS]

    def encode(sequence):
        batch = torch.tensor([sequence])
        h = body(input_ids=batch, attention_mask=torch.ones_like(batch)).last_hidden_state[0]
        return h.mean(0) if family == "bert" else h.max(0).values

    def logits():
        return torch.cat([model(input_ids=torch.tensor([s]), attention_mask=torch.ones(1, len(s))).logits for s in ids])

    def pair_loss():
        u = torch.stack([encode(ids[a]) for a, _, _ in pairs])
        v = torch.stack([encode(ids[b]) for _, b, _ in pairs])
        target = torch.tensor([t for _, _, t in pairs])
        return torch.nn.functional.mse_loss(torch.cosine_similarity(u, v), target)

    losses = {
        "pairs": pair_loss,
        "classes": lambda: torch.nn.functional.cross_entropy(logits(), torch.tensor(classes)),
        "shares": lambda: torch.nn.functional.binary_cross_entropy_with_logits(logits(), torch.tensor(shares)),
    }
    tensors, values = {}, {}
    for name, loss in losses.items():
        model.zero_grad()
        value = loss()
        value.backward()
        values[name] = value.item()
        for key, p in model.named_parameters():
            if p.grad is not None:
                tensors[f"{name}.{key.removeprefix(model.base_model_prefix + '.')}"] = p.grad.clone()
    save_file(tensors, os.path.join(folder, "gradients.safetensors"))
    dump(folder, "tuning.json", {"ids": ids, "pairs": pairs, "classes": classes, "shares": shares, "losses": values})


def curve(folder):
    """Twenty steps of setfit's trainer: every batch it drew, its loss, and the weights it ended with."""
    from datasets import Dataset
    from sentence_transformers.losses import CosineSimilarityLoss
    from setfit import SetFitModel, Trainer, TrainingArguments

    steps = []

    class Recording(CosineSimilarityLoss):
        def forward(self, features, labels, *rest, **more):
            value = super().forward(features, labels, *rest, **more)
            kept = [[[t for t, m in zip(i, k) if m] for i, k in zip(f["input_ids"].tolist(), f["attention_mask"].tolist())]
                    for f in features]
            steps.append({"first": kept[0], "second": kept[1], "targets": labels.tolist(), "loss": value.item()})
            return value

    torch.manual_seed(0)
    generator = random.Random(9)
    words = {0: "abcdefgh", 1: "stuvwxyz"}
    rows = [(" ".join(generator.choice(words[c] + "m") for _ in range(generator.randrange(3, 12))), c)
            for c in (0, 1) for _ in range(12)]
    model = SetFitModel.from_pretrained(folder, labels=["a", "b"])
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(
            output_dir=out, batch_size=16, num_epochs=1, body_learning_rate=2e-3, loss=Recording, report_to="none",
            save_strategy="no", show_progress_bar=False)
        arguments.logging_dir = None
        trainer = Trainer(model=model, args=arguments, train_dataset=Dataset.from_dict(
            {"text": [t for t, _ in rows], "label": [c for _, c in rows]}))
        arguments.max_steps = 20
        trainer.train()
    assert len(steps) == 20, len(steps)
    dump(folder, "curve.json", {"steps": steps, "rows": [{"text": t, "label": c} for t, c in rows],
                                "coefficients": model.model_head.coef_.tolist(),
                                "intercept": model.model_head.intercept_.tolist()})
    body = model.model_body[0].model if hasattr(model.model_body[0], "model") else model.model_body[0].auto_model
    save_file({k: v.contiguous() for k, v in body.state_dict().items() if v.is_floating_point()},
              os.path.join(folder, "curve.safetensors"))


def head_curves(family, folder):
    """Twenty steps of transformers' Trainer: three classes by cross-entropy, and one soft label by binary cross-entropy.

    The batches are the same for both, in the order of the file. The soft label's head is the first output alone.
    """
    from transformers import Trainer, TrainingArguments

    generator = random.Random(17)
    size, steps, rows = 8, 20, []
    for _ in range(size * steps):
        ids = [generator.randrange(5, len(VOCABULARY)) for _ in range(generator.randrange(1, 13))]
        early = sum(5 <= i < 18 for i in ids) / len(ids)  # something to learn: letters of the alphabet's first half
        winner = 0 if early > 0.6 else 2 if early < 0.4 else 1
        shares = [0.5, 0.5, 0.0] if generator.random() < 0.1 else [float(c == winner) for c in range(3)]
        rows.append({"ids": ids, "classes": shares, "label": round(early, 4)})

    def collate(batch):
        width = max(len(r["ids"]) for r in batch)
        pad = lambda filler, value: torch.tensor([value(r) + [filler] * (width - len(r["ids"])) for r in batch])
        return {"input_ids": pad(0, lambda r: r["ids"]), "attention_mask": pad(0, lambda r: [1] * len(r["ids"])),
                "targets": {"classes": torch.tensor([r["classes"] for r in batch]),
                            "label": torch.tensor([[r["label"]] for r in batch])}}

    losses = {}
    for name in ("classes", "label"):
        model, curve = model_of(family, tempfile.mkdtemp()), []

        class Recording(Trainer):
            def compute_loss(self, model, inputs, return_outputs=False, **more):
                targets = inputs.pop("targets")[name]
                logits = model(**inputs).logits
                value = (torch.nn.functional.cross_entropy(logits, targets) if name == "classes" else
                         torch.nn.functional.binary_cross_entropy_with_logits(logits[:, :1], targets))
                curve.append(value.item())
                return (value, logits) if return_outputs else value

            def _get_train_sampler(self, *rest):
                return torch.utils.data.SequentialSampler(rows)

        with tempfile.TemporaryDirectory() as out:
            Recording(
                model=model, train_dataset=rows, data_collator=collate, args=TrainingArguments(
                    output_dir=out, per_device_train_batch_size=size, max_steps=steps, learning_rate=2e-3,
                    weight_decay=0.01, warmup_steps=steps // 10, lr_scheduler_type="linear", report_to="none",
                    save_strategy="no", disable_tqdm=True, remove_unused_columns=False, use_cpu=True),
            ).train()
        assert len(curve) == steps, len(curve)
        losses[name] = curve
    dump(folder, "head-curves.json", {"rows": rows, "batch": size, "losses": losses})


def heads():
    """Probabilities of scikit-learn's logistic regression over two, three and five classes."""
    import numpy
    from sklearn.linear_model import LogisticRegression

    cases = []
    for classes, penalty in ((2, 1.0), (3, 1.0), (5, 0.2)):
        generator = numpy.random.default_rng(classes)
        x = generator.normal(size=(8 * classes, 6))
        y = numpy.arange(8 * classes) % classes
        x[:, 0] += y
        head = LogisticRegression(C=penalty, max_iter=2000, tol=1e-10).fit(x, y)
        cases.append({"x": x.round(6).tolist(), "classes": y.tolist(), "c": penalty,
                      "probabilities": head.predict_proba(x.round(6)).tolist()})
    dump(FIXTURES, "heads.json", cases)


def differentiable_heads(folder):
    """setfit's own training of its torch head on the frozen bert above: vectors, order, losses, probabilities."""
    from setfit import SetFitModel

    cases = []
    for classes in (2, 3):
        torch.manual_seed(classes)
        generator = random.Random(classes)
        labels = [i % classes for i in range(5 * classes)]
        texts = [" ".join(generator.choice("abcdefghijklmnopqrstuvwxyz"[6 * c:6 * c + 8]) for _ in range(5 + i % 4))
                 for i, c in enumerate(labels)]
        model = SetFitModel.from_pretrained(
            folder, use_differentiable_head=True, head_params={"out_features": classes}, device="cpu")
        model.model_body.max_seq_length = 16
        head, steps = model.model_head, []
        vectors = model.encode(texts).clone()
        before = head.linear.weight.tolist(), head.linear.bias.tolist()
        forward, loss_of = head.forward, head.get_loss_fn()

        def recording(features, temperature=None):
            if isinstance(features, dict):
                distances = torch.cdist(features["sentence_embedding"].detach(), vectors)
                assert distances.min(1).values.max() < 1e-4
                steps.append({"rows": distances.argmin(1).tolist()})
            return forward(features, temperature)

        def recorded_loss(logits, targets):
            value = loss_of(logits, targets)
            steps[-1]["loss"] = value.item()
            return value

        head.forward, head.get_loss_fn = recording, lambda: recorded_loss
        model.fit(texts, labels, num_epochs=16, batch_size=2, head_learning_rate=1e-2, body_learning_rate=1e-5,
                  show_progress_bar=False)
        cases.append({
            "vectors": vectors.tolist(), "labels": labels, "weights": before[0], "bias": before[1], "steps": steps,
            "steps_per_epoch": len(steps) // 16, "probabilities": head.predict_proba(vectors).detach().tolist()})
    dump(FIXTURES, "differentiable-heads.json", cases)


if __name__ == "__main__":
    if sys.argv[1:] == ["differentiable"]:
        sys.exit(differentiable_heads(os.path.join(FIXTURES, "bert")))
    heads()
    for family in ("bert", "roberta", "deberta-v3", "deberta-v2"):
        folder = os.path.join(FIXTURES, family)
        os.makedirs(folder, exist_ok=True)
        gradients(family, folder)
        if family in ("bert", "deberta-v3"):
            head_curves(family, folder)
    curve(os.path.join(FIXTURES, "bert"))
    differentiable_heads(os.path.join(FIXTURES, "bert"))

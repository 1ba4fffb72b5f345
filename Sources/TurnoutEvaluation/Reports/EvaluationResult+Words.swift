import TurnoutCore

extension EvaluationResult {
    /// The verdict in a few words.
    var verdictTitle: String {
        switch verdict {
        case .oneModelIsBestAndCheapest: "Routing is not worth it"
        case .noBetterThanChance, .noBetterThanLength: "Not shown to be worth it"
        case .worthIt: "Routing can pay"
        }
    }

    /// Whether to route, in one or two sentences.
    public var verdictSentence: String {
        let (worst, best) = (models[0].model, models[models.count - 1].model)
        let between = models.count == 2 ? "between \(worst) and \(best)" : "among these \(models.count) models"
        switch verdict {
        case .oneModelIsBestAndCheapest(let model):
            return "Routing is not worth it: \(model) is the best and no other is cheaper. Send everything to it."
        case .noBetterThanChance(let model):
            return """
                Routing \(between) is not shown to be worth it: no router beats \(chanceInWords). \
                Without a look at the prompt you do as well; \(model) has the best mean score.
                """
        case .noBetterThanLength(let router):
            return """
                \(router) beats \(chanceInWords), but is not shown to beat sending the longest prompts to the better model, \
                which needs no router.
                """
        case .worthIt(let router):
            return "Routing \(between) can pay: \(gain(of: router))"
        }
    }

    private var chanceInWords: String {
        switch measure {
        case .apgr: "a random choice"
        case .area: "mixing single models at random"
        case .quality: "the best single model"
        }
    }

    /// What the best router buys, in the terms of the measure.
    private func gain(of name: String) -> String {
        guard let router = routers.first(where: { $0.name == name }) else { return "" }
        switch measure {
        case .apgr:
            guard let half = router.pair?.callShares[1].share else { return "" }
            return """
                \(name) recovers half of the gap with \(percent(half.value)) of prompts to the strong model \
                [\(percent(half.low)), \(percent(half.high))]; a random choice needs 50 %.
                """
        case .area:
            let hull = baselines.first { $0.name == BaselineName.hull }
            guard let mine = router.frontier?.prices[1].cost, let theirs = hull?.frontier?.prices[1].cost else {
                return "at equal cost \(name) is better than any mix of single models."
            }
            return """
                at equal cost \(name) is better than any mix of single models. 80 % of the way from the cheapest model to \
                \(models[models.count - 1].model) costs \(FigureText.perThousand(mine)) a thousand prompts, mixed at random \
                \(FigureText.perThousand(theirs.value)).
                """
        case .quality:
            guard let quality = router.quality else { return "" }
            return
                "\(name) scores \(FigureText.interval(quality)), the best model \(FigureText.interval(models[models.count - 1].quality))."
        }
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

    /// What a baseline is, for people.
    static func label(_ name: String) -> String {
        switch name {
        case BaselineName.bestSingle: "best single model"
        case BaselineName.hull: "mix of single models"
        case BaselineName.shuffled: "first router, shuffled"
        case BaselineName.length: "prompt length"
        default: name
        }
    }

    /// What the routers are compared by, for people.
    var measureName: String {
        switch measure {
        case .apgr: "APGR"
        case .area: "mean quality over budgets"
        case .quality: "mean score"
        }
    }

    /// How the intervals were made.
    var method: String {
        let drawn = groups.map { "\(FigureText.count($0)) whole groups" } ?? "prompts"
        return """
            Brackets: 95 % intervals, paired bootstrap, \(FigureText.count(resamples)) resamples of \(drawn), everything \
            computed anew in each.
            """
    }
}

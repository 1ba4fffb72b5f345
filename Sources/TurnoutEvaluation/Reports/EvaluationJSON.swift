import TurnoutCore

/// An evaluation as one object, whose keys are a promise: docs/evaluation.md lists them, in snake case.
public struct EvaluationJSON: Encodable {
    private let result: EvaluationResult

    /// Takes what is to be told.
    public init(_ result: EvaluationResult) { self.result = result }

    /// Writes the object; its keys are in camel case here.
    public func encode(to encoder: any Encoder) throws { try Object(result).encode(to: encoder) }
}

private struct Object: Encodable {
    let n: Int
    let groups: Int?
    let resamples: Int
    let models: [String]
    let modelFigures: [Model]
    let pair: Pair?
    let routers: [Entry]
    let baselines: [String: Entry]
    let measure: String
    let differences: [Difference]
    let worthRouting: Bool
    let verdict: String
    let notes: [String]

    struct Model: Encodable {
        let model: String
        let quality: Interval
        let costUsd: Interval?
    }

    struct Pair: Encodable {
        let weak: String
        let strong: String
    }

    struct Difference: Encodable {
        let router: String
        let over: String
        let difference: Interval
        let p: Double
        let adjustedP: Double
        let shown: Bool
    }

    init(_ result: EvaluationResult) {
        n = result.count
        groups = result.groups
        resamples = result.resamples
        models = result.models.map(\.model.name)
        modelFigures = result.models.map { Model(model: $0.model.name, quality: $0.quality, costUsd: $0.cost) }
        pair = result.hasPair ? Pair(weak: models[0], strong: models[models.count - 1]) : nil
        routers = result.routers.map(Entry.init)
        baselines = Dictionary(
            result.baselines.map { ($0.name, Entry($0)) }, uniquingKeysWith: { first, _ in first })
        measure = result.measure.rawValue
        differences = result.differences.map {
            Difference(
                router: $0.router, over: $0.over, difference: $0.difference, p: $0.p, adjustedP: $0.adjustedP,
                shown: $0.isShown)
        }
        worthRouting = result.verdict.isWorthIt
        verdict = result.verdictSentence
        notes = result.notes
    }
}

private struct Entry: Encodable {
    let name: String
    let apgr, cpt20, cpt50, cpt80, cpt95: Interval?
    let ratioToRandom: Ratios?
    let tenBin: TenBin?
    let curve: [CurvePoint]?
    let quality: Interval?
    let costUsd: Interval?
    let shares: [String: Double]?
    let area: Interval?
    let qualityAtCost: [Budget]?
    let costAtQuality: [Price]?
    let hull: [Corner]?
    let calibration: Calibration?
    let microsPerDecision: Double?

    struct Ratios: Encodable { let cpt50, cpt80: Interval }
    struct TenBin: Encodable { let apgr, cpt20, cpt50, cpt80: Interval }
    struct CurvePoint: Encodable {
        let strongShare: Double
        let pgr: Interval
    }
    struct Budget: Encodable {
        let costUsd: Double
        let quality: Interval
    }
    struct Price: Encodable {
        let recovered, quality: Double
        let costUsd: Interval?
        let reached: Double
    }
    struct Corner: Encodable { let costUsd, quality: Double }
    struct Calibration: Encodable {
        let ece: Interval
        let eceByChance: Double
        let models: [Table]
    }
    struct Table: Encodable {
        let model: String
        let bins: [Bin]
    }
    struct Bin: Encodable {
        let n: Int
        let predicted: Double
        let observed: Interval
    }

    init(_ entry: EvaluationResult.Entry) {
        name = entry.name
        apgr = entry.pair?.apgr
        let shares = entry.pair?.callShares.map(\.share)
        (cpt20, cpt50, cpt80, cpt95) = (shares?[0], shares?[1], shares?[2], shares?[3])
        ratioToRandom = entry.pair.map {
            Ratios(cpt50: $0.callShares[1].ratioToRandom, cpt80: $0.callShares[2].ratioToRandom)
        }
        tenBin = entry.pair?.tenBin.map { TenBin(apgr: $0[0], cpt20: $0[1], cpt50: $0[2], cpt80: $0[3]) }
        curve = entry.pair?.curve.map { CurvePoint(strongShare: $0.strongShare, pgr: $0.recovered) }
        quality = entry.quality
        costUsd = entry.cost
        self.shares =
            entry.shares.isEmpty
            ? nil : Dictionary(entry.shares.map { ($0.key.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        area = entry.frontier?.area
        qualityAtCost = entry.frontier?.curve.map { Budget(costUsd: $0.cost, quality: $0.quality) }
        costAtQuality = entry.frontier?.prices.map {
            Price(recovered: $0.target, quality: $0.quality, costUsd: $0.cost, reached: $0.reached)
        }
        hull = entry.frontier?.hull.map { Corner(costUsd: $0.cost, quality: $0.quality) }
        calibration = entry.calibration.map { calibration in
            Calibration(
                ece: calibration.error, eceByChance: calibration.errorByChance,
                models: calibration.tables.map { model, table in
                    Table(
                        model: model.name,
                        bins: table.bins.map { Bin(n: $0.count, predicted: $0.predicted, observed: $0.observed) })
                })
        }
        microsPerDecision = entry.microsPerDecision
    }
}

import TurnoutNumerics

/// What the kernels for learning compute, written down as in a textbook and summed in 64 bits: their oracle.
enum NaiveGradients {
    /// a·b; `b` is `[inner, columns]`.
    static func product(_ a: Matrix, _ b: Matrix) -> Matrix {
        var y = Matrix(rows: a.rows, columns: b.columns)
        for i in 0..<a.rows {
            for j in 0..<b.columns {
                y[i, j] = Float((0..<a.columns).reduce(0.0) { $0 + Double(a[i, $1]) * Double(b[$1, j]) })
            }
        }
        return y
    }

    static func transposed(_ a: Matrix) -> Matrix {
        var y = Matrix(rows: a.columns, columns: a.rows)
        for i in 0..<a.rows {
            for j in 0..<a.columns { y[j, i] = a[i, j] }
        }
        return y
    }

    /// The gradient of a layer norm: of its input, gain and shift.
    static func layerNorm(_ x: Matrix, _ norm: LayerNorm, _ dy: Matrix) -> (dx: Matrix, dgain: [Float], dshift: [Float])
    {
        let width = Double(x.columns)
        var dx = Matrix(rows: x.rows, columns: x.columns)
        var (dgain, dshift) = ([Double](repeating: 0, count: x.columns), [Double](repeating: 0, count: x.columns))
        for r in 0..<x.rows {
            let row = x[row: r].map(Double.init), d = dy[row: r].map(Double.init)
            let mean = row.reduce(0, +) / width
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / width
            let factor = 1 / (variance + Double(norm.epsilon)).squareRoot()
            let z = row.map { ($0 - mean) * factor }
            let g = zip(d, norm.gain).map { $0 * Double($1) }
            let pull = g.reduce(0, +) / width, lean = zip(g, z).reduce(0) { $0 + $1.0 * $1.1 } / width
            for c in 0..<x.columns {
                dx[r, c] = Float(factor * (g[c] - pull - z[c] * lean))
                dgain[c] += d[c] * z[c]
                dshift[c] += d[c]
            }
        }
        return (dx, dgain.map(Float.init), dshift.map(Float.init))
    }

    /// The gradient of attention with respect to queries, keys and values, for one text.
    ///
    /// `kept` says for each head, query and key what the share is multiplied by; 1 without dropout.
    static func attention(
        _ qkv: Matrix, _ shape: AttentionShape, _ dout: Matrix, kept: (Int, Int, Int) -> Double = { _, _, _ in 1 }
    ) -> Matrix {
        var d = Matrix(rows: qkv.rows, columns: qkv.columns)
        let scale = 1 / Double(shape.headWidth).squareRoot(), n = qkv.rows, width = shape.width
        for head in 0..<shape.heads {
            let columns = head * shape.headWidth..<(head + 1) * shape.headWidth
            for i in 0..<n {
                let scores = (0..<n).map { j in
                    Float(columns.reduce(0.0) { $0 + Double(qkv[i, $1]) * Double(qkv[j, width + $1]) })
                }
                let p = NaiveKernels.softmax(scores, scale: Float(scale)).map(Double.init)
                let dp = (0..<n).map { j in
                    kept(head, i, j)
                        * columns.reduce(0.0) { $0 + Double(dout[i, $1]) * Double(qkv[j, 2 * width + $1]) }
                }
                let total = zip(p, dp).reduce(0) { $0 + $1.0 * $1.1 }
                for j in 0..<n {
                    let ds = scale * p[j] * (dp[j] - total)
                    for c in columns {
                        d[i, c] += Float(ds * Double(qkv[j, width + c]))
                        d[j, width + c] += Float(ds * Double(qkv[i, c]))
                        d[j, 2 * width + c] += Float(kept(head, i, j) * p[j] * Double(dout[i, c]))
                    }
                }
            }
        }
        return d
    }
}
